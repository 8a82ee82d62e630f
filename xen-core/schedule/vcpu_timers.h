// SPDX-License-Identifier: MIT
// The three timers of a vCPU: periodic and single-shot (both raise VIRQ_TIMER), and the time-out of SCHEDOP_poll.
// Embedded in Vcpu. They live on the CPU that runs the vCPU and follow it (switched_in). Periodic ticks are delivered
// only while it runs, as on Xen; a vCPU that missed ticks because it blocked or did not get a CPU gets one. Who may
// call: the vCPU itself, or control code while it is paused; of the periodic timer also a sibling, at any time: what it
// then shares with the timer's callback is atomic, and of two changes at once either may win. ABI:
// VCPUOP_set_periodic_timer, ..._singleshot_timer, SCHEDOP_poll, __HYPERVISOR_set_timer_op.
#pragma once

#include "schedule/timer_queue.h"

namespace skerry {

// `Owner` is told when they fire, on any CPU, without locks: timer_fired() is to raise VIRQ_TIMER, poll_timed_out() to
// wake it from SCHEDOP_poll.
template <typename Owner> class VcpuTimers : NonCopyable {
  public:
    static constexpr Nanoseconds min_period = 1'000'000, max_period = (Nanoseconds{1} << 62) - 1;

    // `period`: of the periodic timer, from the first time that the vCPU runs. 0: none.
    explicit VcpuTimers(Owner& owner, Nanoseconds period = 0)
        : owner_(owner), periodic_(*this), singleshot_(*this), poll_(*this), period_(period) {}

    // Error::invalid if the period is under 1 ms or absurd. First tick one period from now.
    Status set_periodic(CpuId cpu, Nanoseconds now, Nanoseconds period) {
        if (period < min_period || period > max_period) return Error::invalid;
        cpu_.store(cpu, relaxed);
        period_.store(period, relaxed);
        last_tick_.store(now, relaxed);
        timers.arm(periodic_, cpu, now + period);
        return success;
    }
    void stop_periodic() {
        period_ = 0;
        timers.cancel(periodic_);
    }
    // Absolute deadline. `only_future` (VCPU_SSHOTTMR_future): false (the caller returns ETIME), nothing armed, if it
    // is past.
    [[nodiscard]] bool set_singleshot(CpuId cpu, Nanoseconds now, Nanoseconds deadline, bool only_future) {
        if (only_future && deadline < now) return false;
        cpu_.store(cpu, relaxed);
        timers.arm(singleshot_, cpu, deadline);
        return true;
    }
    void stop_singleshot() { timers.cancel(singleshot_); }
    void set_poll_timeout(CpuId cpu, Nanoseconds deadline) { timers.arm(poll_, cpu, deadline); }
    void stop_poll() { timers.cancel(poll_); }

    // The vCPU begins to run on `cpu`: its timers follow, and a late periodic tick is delivered.
    void switched_in(CpuId cpu, Nanoseconds now) {
        cpu_.store(cpu, relaxed);
        if (singleshot_.is_armed()) timers.migrate(singleshot_, cpu);
        if (UNLIKELY(poll_.is_armed())) timers.migrate(poll_, cpu);
        if (UNLIKELY(period_.load(relaxed))) tick(now);
    }
    // The vCPU stopped running: no periodic ticks meanwhile.
    void switched_out() {
        if (UNLIKELY(period_.load(relaxed))) timers.cancel(periodic_);
    }
    // Waits for callbacks: before the vCPU is freed.
    void tear_down() {
        period_ = 0;
        timers.cancel_and_wait(periodic_);
        timers.cancel_and_wait(singleshot_);
        timers.cancel_and_wait(poll_);
    }

  private:
    // Delivers a due tick; the next one keeps to the grid that the first one started.
    void tick(Nanoseconds now) {
        Nanoseconds period = period_.load(relaxed), last = last_tick_.load(relaxed);
        if (!period) return;
        if (now >= last + period) {
            last += (now - last) / period * period;
            last_tick_.store(last, relaxed);
            owner_.timer_fired();
        }
        timers.arm(periodic_, cpu_.load(relaxed), last + period);
    }
    void singleshot_expired(Nanoseconds) { owner_.timer_fired(); }
    void poll_expired(Nanoseconds) { owner_.poll_timed_out(); }

    static constexpr auto relaxed = std::memory_order_relaxed;
    Owner& owner_;
    OwnedTimer<VcpuTimers, &VcpuTimers::tick> periodic_;
    OwnedTimer<VcpuTimers, &VcpuTimers::singleshot_expired> singleshot_;
    OwnedTimer<VcpuTimers, &VcpuTimers::poll_expired> poll_;
    std::atomic<Nanoseconds> period_; // 0: no periodic timer
    std::atomic<Nanoseconds> last_tick_{0};
    std::atomic<CpuId> cpu_{CpuId(0)};
};

} // namespace skerry
