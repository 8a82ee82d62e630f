// SPDX-License-Identifier: MIT
// Pausing, shutting down and destroying a domain.
#include "arch/x86_64/machine_power.h"
#include "domain/domain.h"

namespace skerry {

static const char* name_of_shutdown(uint32_t code) {
    static constexpr const char* names[] = {
        "powered off", "rebooted", "suspended", "crashed", "was shut down by its watchdog", "asked for a soft reset"};
    static_assert(SHUTDOWN_poweroff == 0 && SHUTDOWN_reboot == 1 && SHUTDOWN_suspend == 2 && SHUTDOWN_crash == 3 &&
                  SHUTDOWN_watchdog == 4 && SHUTDOWN_soft_reset == 5);
    return code < std::size(names) ? names[code] : "shut down";
}

// The first domain takes the machine with it, as the ABI's hardware domain does.
[[noreturn]] static void end_machine(uint32_t code) {
    log(code == SHUTDOWN_poweroff || code == SHUTDOWN_reboot ? LogLevel::info : LogLevel::error,
        "the first domain %s: the machine goes with it", name_of_shutdown(code));
    if (code == SHUTDOWN_poweroff) power_off();
    reboot();
}

void Domain::shut_down(uint32_t code) {
    if (is_first()) end_machine(code);
    {
        Holding held(shutdown_lock_);
        if (shut_down_.load(std::memory_order_relaxed)) return;
        if (shutdown_code_ == ~0u) shutdown_code_ = code;
        shut_down_.store(true, std::memory_order_release); // whoever sees it finds the code
        for_each_vcpu([](Vcpu& vcpu) { scheduler.pause(vcpu); });
    }
    log(code == SHUTDOWN_crash ? LogLevel::warning : LogLevel::info, "domain %u %s", id.value, name_of_shutdown(code));
    global_virqs.send(VIRQ_DOM_EXC);
}

// Each phase can be entered again until it is done; the caller holds `control`.
Status Domain::destroy(WorkBudget& budget) {
    enum { stop, close_events, release_grants, release_processors, release_memory, say_so };
    static_assert(say_so + 1 == phase_done);
    for (;;) {
        switch (destroy_phase_.load(std::memory_order_relaxed)) {
        case stop:
            if (!account.is_dying()) {
                pause();
                account.start_dying();
            }
            if (!has_stopped()) return Error::restart;
            // Nobody is left who could arm one again.
            for (Watchdog& watchdog : watchdogs_) timers.cancel_and_wait(watchdog);
            break;
        case close_events: TRY(events.tear_down(budget)); break;
        case release_grants:
            TRY(release_mappings(budget));
            grants.tear_down();
            break;
        case release_processors: TRY(release_vcpus(budget)); break;
        case release_memory: TRY(mmu.relinquish(budget)); break;
        case say_so:
            events.set_shared_info(nullptr);
            shared_ = nullptr;
            shared_info_ref_ = WritableRef();
            destroy_phase_.store(phase_done, std::memory_order_release);
            domain_table.note_destroyed();
            log(LogLevel::info, "domain %u destroyed", id.value);
            global_virqs.send(VIRQ_DOM_EXC);
            return success;
        default: return success;
        }
        destroy_phase_.fetch_add(1, std::memory_order_relaxed);
    }
}

void end_grant_mapping(const GrantMapping& mapping) {
    Result<DomainRef> granter = domain_table.find(DomId(mapping.granter));
    ASSERT(granter.ok()); // its frame is held
    drop_held_frame(Mfn(mapping.frame), mapping.writes);
    granter.value()->grants.end_use(GrantRef(mapping.reference), mapping.writes);
}

// The page tables that still map the frames hold references of their own, and nothing runs on them any more.
Status Domain::release_mappings(WorkBudget& budget) {
    for (auto mapping = maptrack.take_any(); mapping.ok(); mapping = maptrack.take_any()) {
        end_grant_mapping(mapping.value());
        if (!budget.spend()) return Error::restart;
    }
    maptrack.free_tables();
    return success;
}

// Page-table bases first: giving them up can take several stretches.
Status Domain::release_vcpus(WorkBudget& budget) {
    for (uint32_t i = 0; i < max_vcpus_; ++i) {
        if (!vcpus_[i]) continue;
        Vcpu& vcpu = *vcpus_[i];
        vcpu.timers.tear_down();
        for (uint64_t* base : {&vcpu.cpu.kernel_cr3, &vcpu.cpu.user_cr3}) {
            if (*base) {
                mmu.release_base(frame_of(MachAddr(*base)), budget);
                *base = 0;
            }
            TRY(mmu.settle(budget));
        }
        vcpu.cpu.destroy(mmu);
        scheduler.retire(vcpu);
        vcpus_[i].reset();
    }
    return success;
}

void Domain::describe(xen_domctl_getdomaininfo& info) {
    info = {};
    info.domain = id.value;
    bool running = false, all_blocked = true;
    for_each_vcpu([&](Vcpu& vcpu) {
        info.max_vcpu_id = vcpu.id.value;
        info.cpu_time += scheduler.runstate(vcpu).time[RUNSTATE_running];
        if (vcpu.is_down()) return;
        ++info.nr_online_vcpus;
        running |= vcpu.is_running();
        all_blocked &= vcpu.is_blocked();
    });
    if (!vcpu(VcpuId(0))) info.max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
    info.flags = (is_dying() ? XEN_DOMINF_dying : 0u) | (is_shut_down() ? XEN_DOMINF_shutdown : 0u) |
                 (is_paused_by_control() ? XEN_DOMINF_paused : 0u) | (all_blocked ? XEN_DOMINF_blocked : 0u) |
                 (running ? XEN_DOMINF_running : 0u);
    info.flags |= shutdown_code() << XEN_DOMINF_shutdownshift; // all ones as long as there is none, as on Xen
    info.tot_pages = account.frames();
    info.max_pages = account.max_frames();
    info.shared_info_frame = shared() ? shared_info_frame().value : ~0ull;
    memcpy(info.handle, handle, sizeof(info.handle));
    info.gpaddr_bits = 52;
}

void crash_domain(Vcpu& vcpu, const char* format, ...) {
    char reason[160];
    va_list arguments;
    va_start(arguments, format);
    format_arguments(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    const RegisterFrame& frame = cpu_local().frame;
    log(LogLevel::error, "domain %u vCPU %u: %s (rip %04x:%016lx rsp %04x:%016lx)", vcpu.domain.id.value, vcpu.id.value,
        reason, frame.cs, frame.rip, frame.ss, frame.rsp);
    vcpu.domain.shut_down(SHUTDOWN_crash);
}

} // namespace skerry
