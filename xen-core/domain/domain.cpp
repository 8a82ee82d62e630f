// SPDX-License-Identifier: MIT
#include "domain/domain.h"

namespace skerry {

// xen-core's own pages for a domain: tables, stacks of state, shared pages. Generous, but a bound.
static uint64_t core_frame_limit(const DomainConfig& config) {
    constexpr uint64_t base = 64, per_vcpu = 16, event_ports_per_page = 128;
    return base + per_vcpu * config.max_vcpus + config.max_event_port / event_ports_per_page +
           uint64_t{config.max_grant_frames} * 2 + config.max_maptrack_frames;
}

Domain::Domain(DomId number, const DomainConfig& config)
    : id(number), account(number, config.max_frames, core_frame_limit(config)), mmu(account, *this), pirqs(*this),
      events(number, config.max_event_port, *this), grants(account, config.max_grant_frames, config.max_grant_version),
      maptrack(account, config.max_maptrack_frames),
      max_vcpus_(config.max_vcpus), watchdogs_{Watchdog(*this), Watchdog(*this)} {
    memcpy(handle, config.handle, sizeof(handle));
}

Domain::~Domain() { ASSERT(account.frames() == 0); }

Result<Domain*> Domain::create(DomId number, const DomainConfig& config) {
    if (config.max_vcpus == 0 || config.max_vcpus > max_vcpus_per_domain ||
        config.max_event_port >= EventTable::fifo_ports)
        return Error::invalid;
    CoreBox<Domain> box = TRY(CoreBox<Domain>::create(core_account, number, config));
    Domain& domain = *box;
    domain.shared_info_ref_ = TRY(allocator.allocate_shared(domain.account));
    domain.shared_ = to_pointer<shared_info_t>(domain.shared_info_ref_.mfn());
    for (vcpu_info_t& info : domain.shared_->vcpu_info) info.evtchn_upcall_mask = 1;
    domain.events.set_shared_info(domain.shared_);
    domain.publish_wall_clock();
    domain.pause();
    return box.release();
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
    scheduler.admit(vcpu, sched_group, home);
    for (uint32_t held = control_pauses_.load(); held > 0; --held) scheduler.pause(vcpu);
    Holding held(shutdown_lock_);
    if (is_shut_down()) scheduler.pause(vcpu);
    vcpus_[number.value] = std::move(box);
    return success;
}

// --- EventHost ---

// A vCPU that is registered but does not wait (any more, or yet) is only taken off the register: SCHEDOP_poll looks at
// the register once more after it has blocked.
void Domain::wake_pollers(EvtPort port) {
    for_each_vcpu([port](Vcpu& poller) {
        uint32_t polled = poller.polled_port.load(std::memory_order_seq_cst);
        if (polled == Vcpu::poll_none) return;
        bool waits_for_this = polled == port.value || polled == Vcpu::poll_any;
        if ((waits_for_this || !poller.is_blocked()) && poller.end_poll()) (void)scheduler.wake(poller);
    });
}

// --- PvMmuHost ---

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
