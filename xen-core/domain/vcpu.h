// SPDX-License-Identifier: MIT
// A virtual CPU of a domain: processor state, scheduling, timers, events, and the areas that it shares with its guest.
//
// Who may touch it: the CPU that runs it, freely; another CPU only through the scheduler and the event table, and
// control operations while the vCPU is paused and saved. ABI: <xen/vcpu.h>, vcpu_info in <xen/xen.h>.
#pragma once

#include "domain/pv_cpu_state.h"
#include "events/event_table.h"
#include "memory/guest_copy.h"
#include "schedule/scheduler.h"
#include "schedule/vcpu_timers.h"

namespace skerry {

class Domain;

struct Vcpu final : SchedEntity {
    static constexpr Nanoseconds initial_period = 10'000'000; // as on Xen: old kernels count on these ticks

    Vcpu(Domain& owner, VcpuId number) : domain(owner), id(number), timers(*this, initial_period) {}

    PvCpuState cpu;
    Domain& domain;
    const VcpuId id;
    VcpuTimers<Vcpu> timers;
    EventVcpu events;

    bool is_initialised = false; // has a context: may be brought up

    // vcpu_info in a frame of the guest's choice (VCPUOP_register_vcpu_info), if it made one.
    WritableRef registered_info;
    vcpu_info_t private_info{}; // until then, for vCPUs that have no place in shared_info

    // SCHEDOP_poll: the ports, or any of the domain's when there are several (the guest looks again then).
    static constexpr uint32_t poll_none = ~uint32_t{0}, poll_any = ~uint32_t{0} - 1;
    std::atomic<uint32_t> polled_port{poll_none};

    // The vCPU no longer waits in SCHEDOP_poll. True if it had been registered as waiting.
    bool end_poll();

    // Guest memory that the context switch keeps up to date, by linear address; null: none.
    GuestHandle<vcpu_runstate_info_t> runstate_area;
    GuestHandle<vcpu_time_info_t> time_area;

    // Events pending and not masked: the exit path delivers them. What the guest changes meanwhile is seen the next time.
    [[gnu::always_inline]] bool has_deliverable_event() const {
        return UNLIKELY(cpu.vcpu_info->evtchn_upcall_pending) && !cpu.vcpu_info->evtchn_upcall_mask;
    }

    // The same, or an NMI that may be delivered: a reason not to wait.
    bool has_something_to_deliver() const { return has_deliverable_event() || (cpu.nmi_pending && !cpu.nmi_masked); }

    // SCHEDOP_block: events on, and wait.
    void block() {
        cpu.vcpu_info->evtchn_upcall_mask = 0;
        (void)scheduler.block(*this, [this] { return has_something_to_deliver(); });
    }
    // Something became pending: wakes the vCPU, or interrupts the CPU that runs it. Any CPU, any time.
    void kick() { is_blocked() ? wake() : interrupt(); }

    // Moves vcpu_info into the guest's frame, `offset` bytes in. Once only. By the vCPU itself, or while it is down.
    // Errors: invalid (done already, misaligned, crosses the frame, not the domain's), busy (in use as a page table).
    Status register_info(Mfn frame, uint32_t offset);
    // vcpu_info stands at `info` from now on (shared_info for the first 32 vCPUs, until registered).
    void use_info(vcpu_info_t* info);

    // pvclock (vcpu_time_info in <xen/xen.h>): constant parameters of a TSC that all CPUs share.
    static vcpu_time_info_t time_parameters();

    // For the context switch, once this vCPU's address space is loaded. An area that is not mapped is left alone.
    void update_guest_areas();

    // For its timers.
    void timer_fired();
    void poll_timed_out() {
        if (polled_port.load(std::memory_order_acquire) != poll_none) (void)scheduler.wake(*this);
    }

  private:
    [[gnu::noinline]] void wake() { // whoever runs does not pay for its registers
        if (!scheduler.wake(*this)) interrupt();
    }
    void interrupt() {
        if (is_running() && home() != this_cpu()) raise_work(home(), PendingWork::upcall);
    }
};

// `entity` must not be an idle one.
inline Vcpu& vcpu_of(SchedEntity& entity) { return static_cast<Vcpu&>(entity); }

// The whole state as the ABI passes it: vcpu_guest_context (<xen/arch-x86/xen.h>).
//
// Gives the vCPU the context: page-table bases and descriptor tables are taken, the rest is copied. It must not run and
// not be loaded. What it had before is given up. Errors: invalid, those of PvMmu::take_base and
// PvCpuState::set_context; then the vCPU has what it had. restart: nothing done yet, call again.
Status initialise_vcpu(Vcpu& vcpu, const vcpu_guest_context_t& context, WorkBudget& budget);
// The present state. The vCPU must be paused and saved.
void describe_vcpu(const Vcpu& vcpu, vcpu_guest_context_t& context);

} // namespace skerry
