// SPDX-License-Identifier: MIT
#include "domain/domain.h"

#include "arch/x86_64/layout.h"
#include "arch/x86_64/time.h"

#include <string.h>

namespace skerry {
namespace {

// xen-core's own pages for a domain: tables, stacks of state, shared pages. Generous, but a bound.
uint64_t core_frame_limit(const DomainConfig& config) {
    constexpr uint64_t base = 64, per_vcpu = 16, event_ports_per_page = 128;
    return base + per_vcpu * config.max_vcpus + config.max_event_port / event_ports_per_page +
           uint64_t{config.max_grant_frames} * 2 + config.max_maptrack_frames;
}

} // namespace

Domain::Domain(DomId number, const DomainConfig& config)
    : id(number), account(number, config.max_frames, core_frame_limit(config)), mmu(account, *this), pirqs(*this),
      events(number, config.max_event_port, *this),
      grants(account, config.max_grant_frames, config.max_grant_version), maptrack(account, config.max_maptrack_frames),
      max_vcpus_(config.max_vcpus), watchdogs_{Watchdog(*this), Watchdog(*this)} {
    memcpy(handle, config.handle, sizeof(handle));
}

Domain::~Domain() { ASSERT(account.frames() == 0); }

Result<Domain*> Domain::create(DomId number, const DomainConfig& config) {
    if (config.max_vcpus == 0 || config.max_vcpus > max_vcpus_per_domain ||
        config.max_event_port >= EventTable::fifo_ports)
        return Error::invalid;
    CoreBox<Domain> box = TRY(CoreBox<Domain>::create(core_account, number, config));
    TRY(box->create_shared_info());
    box->pause();
    return box.release();
}

Status Domain::create_shared_info() {
    shared_info_ref_ = TRY(allocator.allocate_shared(account));
    shared_ = to_pointer<shared_info_t>(shared_info_ref_.mfn());
    for (vcpu_info_t& info : shared_->vcpu_info) info.evtchn_upcall_mask = 1;
    events.set_shared_info(shared_);
    publish_wall_clock();
    return success;
}

// Readers look for an even version that did not change (<xen/xen.h>, wc_version).
void Domain::publish_wall_clock() {
    if (!shared_) return; // destroyed
    uint64_t seconds = wall_clock_at_start.seconds + static_cast<uint64_t>(wall_clock_offset);
    uint32_t version = __atomic_load_n(&shared_->wc_version, __ATOMIC_RELAXED) | 1;
    __atomic_store_n(&shared_->wc_version, version, __ATOMIC_RELAXED);
    std::atomic_thread_fence(std::memory_order_release);
    shared_->wc_sec = static_cast<uint32_t>(seconds);
    shared_->wc_sec_hi = static_cast<uint32_t>(seconds >> 32);
    shared_->wc_nsec = wall_clock_at_start.nanoseconds;
    __atomic_store_n(&shared_->wc_version, version + 1, __ATOMIC_RELEASE);
}

Status Domain::create_vcpu(VcpuId number) {
    if (number.value >= max_vcpus_) return Error::invalid;
    if (vcpus_[number.value]) return Error::exists;
    CoreBox<Vcpu> box = TRY(CoreBox<Vcpu>::create(account, *this, number));
    TRY(box->cpu.create(account));
    Vcpu& vcpu = *box;
    events.attach_vcpu(number, vcpu.events);
    vcpu.use_info(number.value < XEN_LEGACY_MAX_VCPUS ? &shared_->vcpu_info[number.value] : &vcpu.private_info);
    vcpu.cpu.vcpu_info->evtchn_upcall_mask = 1;
    CpuId home((id.value + number.value) % online_cpus.count());
    scheduler.admit(vcpu.entity, sched_group, home);
    for (uint32_t held = control_pauses_.load(); held > 0; --held) scheduler.pause(vcpu.entity);
    Holding held(shutdown_lock_);
    if (is_shut_down()) scheduler.pause(vcpu.entity);
    vcpus_[number.value] = std::move(box);
    return success;
}

// --- EventHost ---

void Domain::deliver(VcpuId number) {
    if (Vcpu* target = vcpu(number)) target->kick();
}

// A vCPU that is registered but does not wait (any more, or yet) is only taken off the register: SCHEDOP_poll looks at
// the register once more after it has blocked.
void Domain::wake_pollers(EvtPort port) {
    for_each_vcpu([port](Vcpu& poller) {
        uint32_t polled = poller.polled_port.load(std::memory_order_seq_cst);
        if (polled == Vcpu::poll_none) return;
        bool waits_for_this = polled == port.value || polled == Vcpu::poll_any;
        if ((waits_for_this || !poller.entity.is_blocked()) && poller.end_poll()) (void)scheduler.wake(poller.entity);
    });
}

Result<void*> Domain::map(uint64_t guest_frame) {
    WritableRef reference = TRY(take_writable(Mfn(guest_frame), account));
    return static_cast<void*>(to_pointer<char>(reference.release().mfn()));
}

void Domain::unmap(void* page) {
    Mfn mfn = frame_of_pointer(reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(page) & ~(page_size - 1)));
    WritableRef::adopt(frame(mfn)); // dropped here
}

// --- PvMmuHost ---

bool Domain::may_map_io(Mfn first, uint64_t count) const {
    return count > 0 && io_memory.contains(first.value, first.value + count - 1);
}

bool Domain::may_set_cache_attributes() const { return io_memory.size() > 0 || io_ports.size() > 0; }

void Domain::forget_ldt_pages() {
    for_each_vcpu([this](Vcpu& owner) { owner.cpu.drop_ldt_pages(mmu, true); });
}

Status Domain::make_hypercall_page(Mfn frame) {
    WritableRef page = TRY(take_writable(frame, account));
    fill_hypercall_page(to_pointer<uint8_t>(page.mfn()));
    return success;
}

void fill_hypercall_page(uint8_t* page) {
    constexpr unsigned stub_size = 32;
    // push %rcx; push %r11; mov $number,%eax; syscall; pop %r11; pop %rcx; ret: SYSCALL overwrites rcx and r11.
    static constexpr uint8_t stub[] = {0x51, 0x41, 0x53, 0xb8, 0, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3};
    // iret leaves them, rax and the frame above on the stack, and never returns.
    static constexpr uint8_t iret[] = {0x51, 0x41, 0x53, 0x50, 0xb8, __HYPERVISOR_iret, 0, 0, 0, 0x0f, 0x05};
    constexpr unsigned number_offset = 4;
    memset(page, 0xcc, page_size); // int3
    for (unsigned number = 0; number < page_size / stub_size; ++number) {
        uint8_t* entry = page + number * stub_size;
        memcpy(entry, stub, sizeof(stub));
        entry[number_offset] = static_cast<uint8_t>(number);
    }
    memcpy(page + __HYPERVISOR_iret * stub_size, iret, sizeof(iret));
}

} // namespace skerry
