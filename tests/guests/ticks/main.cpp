// SPDX-License-Identifier: MIT
// The timers of a vCPU at their edges: ticks that nobody asked for, deadlines far away, periods out of range.
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

// Counts VIRQ_TIMER for a while.
static unsigned ticks_within(unsigned milliseconds, unsigned port) {
    event_count[port] = 0;
    const uint64_t end = system_time() + milliseconds * 1000000ul;
    while (system_time() < end) spin(1000);
    return event_count[port];
}
static unsigned timer_port() {
    static long port = 0;
    if (port == 0) port = bind_virq(VIRQ_TIMER, 0);
    unmask_port(static_cast<unsigned>(port));
    events_on();
    return static_cast<unsigned>(port);
}
GUEST_CASE(a_vcpu_ticks_until_told_otherwise) {
    // Every ten milliseconds, from the beginning: old kernels count on it, new ones stop it.
    const unsigned port = timer_port();
    const unsigned ticks = ticks_within(500, port);
    EXPECT(ticks >= 3 && ticks <= 100);
    EXPECT_EQ(vcpu_op(VCPUOP_stop_periodic_timer, 0, nullptr), 0);
    ticks_within(20, port);
    EXPECT_EQ(ticks_within(200, port), 0);
    events_off();
}
GUEST_CASE(a_timer_very_far_away_comes_soon) {
    // A deadline that has wrapped around is more likely a mistake than a wish.
    const unsigned port = timer_port();
    vcpu_op(VCPUOP_stop_periodic_timer, 0, nullptr);
    for (const uint64_t deadline : {1ul << 63, ~0ul, (1ul << 63) - 1, system_time() + (1ul << 52)}) {
        ticks_within(5, port);
        EXPECT_EQ(hypercall(__HYPERVISOR_set_timer_op, deadline), 0);
        EXPECT_EQ(ticks_within(40, port), 0);
        EXPECT_EQ(ticks_within(400, port), 1);
    }
    events_off();
}
GUEST_CASE(a_periodic_timer_has_limits) {
    for (const uint64_t period : {0ul, 1ul, 999999ul, 1ul << 62, ~0ul}) {
        vcpu_set_periodic_timer call{period};
        EXPECT_EQ(vcpu_op(VCPUOP_set_periodic_timer, 0, &call), einval);
    }
}
