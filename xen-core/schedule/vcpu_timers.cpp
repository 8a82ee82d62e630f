// SPDX-License-Identifier: MIT
#include "schedule/vcpu_timers.h"

namespace skerry {

constexpr auto relaxed = std::memory_order_relaxed;

// Delivers a due tick; the next one keeps to the grid that the first one started.
void VcpuTimers::tick(Nanoseconds now) {
    Nanoseconds period = period_.load(relaxed), last = last_tick_.load(relaxed);
    if (!period) return;
    if (now >= last + period) {
        last += (now - last) / period * period;
        last_tick_.store(last, relaxed);
        sink_.timer_fired();
    }
    timers.arm(periodic_, cpu_.load(relaxed), last + period);
}

Status VcpuTimers::set_periodic(CpuId cpu, Nanoseconds now, Nanoseconds period) {
    if (period < min_period || period > max_period) return Error::invalid;
    cpu_.store(cpu, relaxed);
    period_.store(period, relaxed);
    last_tick_.store(now, relaxed);
    timers.arm(periodic_, cpu, now + period);
    return success;
}

void VcpuTimers::stop_periodic() {
    period_ = 0;
    timers.cancel(periodic_);
}

bool VcpuTimers::set_singleshot(CpuId cpu, Nanoseconds now, Nanoseconds deadline, bool only_future) {
    if (only_future && deadline < now) return false;
    cpu_.store(cpu, relaxed);
    timers.arm(singleshot_, cpu, deadline);
    return true;
}

void VcpuTimers::switched_in(CpuId cpu, Nanoseconds now) {
    cpu_.store(cpu, relaxed);
    if (singleshot_.is_armed()) timers.migrate(singleshot_, cpu);
    if (poll_.is_armed()) [[unlikely]]
        timers.migrate(poll_, cpu);
    if (period_.load(relaxed)) [[unlikely]]
        tick(now);
}

void VcpuTimers::switched_out() {
    if (period_.load(relaxed)) [[unlikely]]
        timers.cancel(periodic_);
}

void VcpuTimers::tear_down() {
    period_ = 0;
    timers.cancel_and_wait(periodic_);
    timers.cancel_and_wait(singleshot_);
    timers.cancel_and_wait(poll_);
}

} // namespace skerry
