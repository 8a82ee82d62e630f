// SPDX-License-Identifier: MIT
// The three timers of a vCPU: periodic and single-shot (both raise VIRQ_TIMER), and the time-out of SCHEDOP_poll.
// Embedded in Vcpu. They live on the CPU that runs the vCPU and follow it (switched_in). Periodic ticks are delivered
// only while it runs, as on Xen; a vCPU that missed ticks because it blocked or did not get a CPU gets one. Who may call: the vCPU
// itself, or control code while it is paused; of the periodic timer also a sibling, at any time: what it then shares
// with the timer's callback is atomic, and of two changes at once either may win. ABI: VCPUOP_set_periodic_timer, ..._singleshot_timer, SCHEDOP_poll,
// __HYPERVISOR_set_timer_op.
#pragma once

#include "base/result.h"
#include "schedule/timer_queue.h"

namespace skerry {

// What happens when they fire; implemented by the vCPU. Called on any CPU, without locks.
class VcpuTimerSink {
  public:
    virtual void timer_fired() = 0;    // raise VIRQ_TIMER
    virtual void poll_timed_out() = 0; // wake it from SCHEDOP_poll

  protected:
    ~VcpuTimerSink() = default;
};

class VcpuTimers : NonCopyable {
  public:
    static constexpr Nanoseconds min_period = 1'000'000, max_period = (Nanoseconds{1} << 62) - 1;

    // `period`: of the periodic timer, from the first time that the vCPU runs. 0: none.
    explicit VcpuTimers(VcpuTimerSink& sink, Nanoseconds period = 0)
        : sink_(sink), periodic_(*this), singleshot_(*this), poll_(*this), period_(period) {}

    // Error::invalid if the period is under 1 ms or absurd. First tick one period from now.
    Status set_periodic(CpuId cpu, Nanoseconds now, Nanoseconds period);
    void stop_periodic();
    // Absolute deadline. `only_future` (VCPU_SSHOTTMR_future): false (the caller returns ETIME), nothing armed, if it
    // is past.
    [[nodiscard]] bool set_singleshot(CpuId cpu, Nanoseconds now, Nanoseconds deadline, bool only_future);
    void stop_singleshot() { timers.cancel(singleshot_); }
    void set_poll_timeout(CpuId cpu, Nanoseconds deadline) { timers.arm(poll_, cpu, deadline); }
    void stop_poll() { timers.cancel(poll_); }

    // The vCPU begins to run on `cpu`: its timers follow, and a late periodic tick is delivered.
    void switched_in(CpuId cpu, Nanoseconds now);
    // The vCPU stopped running: no periodic ticks meanwhile.
    void switched_out();
    // Waits for callbacks: before the vCPU is freed.
    void tear_down();

  private:
    void tick(Nanoseconds now);
    void singleshot_expired(Nanoseconds) { sink_.timer_fired(); }
    void poll_expired(Nanoseconds) { sink_.poll_timed_out(); }

    VcpuTimerSink& sink_;
    OwnedTimer<VcpuTimers, &VcpuTimers::tick> periodic_;
    OwnedTimer<VcpuTimers, &VcpuTimers::singleshot_expired> singleshot_;
    OwnedTimer<VcpuTimers, &VcpuTimers::poll_expired> poll_;
    std::atomic<Nanoseconds> period_; // 0: no periodic timer
    std::atomic<Nanoseconds> last_tick_{0};
    std::atomic<CpuId> cpu_{CpuId(0)};
};

} // namespace skerry
