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
    domain.shared_ = to_pointer<shared_info_t>(domain.shared_info_ref_->mfn());
    for (vcpu_info_t& info : domain.shared_->vcpu_info) info.evtchn_upcall_mask = 1;
    domain.events.set_shared_info(domain.shared_);
    domain.publish_wall_clock();
    domain.pause();
    return box.release();
}

// --- EventHost ---

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
