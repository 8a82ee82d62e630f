// SPDX-License-Identifier: MIT
// The pvclock page and timers: time goes forward, two vCPUs agree, timers come when they should and not before.
#include "lib/guest.h"

using namespace skerry::guest;

GUEST_CASE(version_is_even_and_scale_is_sane) {
    const volatile vcpu_time_info_t& time = shared->vcpu_info[0].time;
    EXPECT_EQ(time.version & 1, 0);
    EXPECT(time.tsc_shift > -32 && time.tsc_shift < 32);
    EXPECT(time.tsc_to_system_mul >> 31); // normalised
}
GUEST_CASE(time_never_goes_back) {
    uint64_t last = system_time();
    unsigned backwards = 0;
    for (int i = 0; i < 20000; i++) {
        const uint64_t now = system_time();
        if (now < last) backwards++;
        last = now;
    }
    EXPECT_EQ(backwards, 0);
}
GUEST_CASE(time_goes_on_across_blocks) {
    vcpu_op(VCPUOP_stop_periodic_timer, 0, nullptr);
    const uint64_t before = system_time();
    static unsigned which;
    which = static_cast<unsigned>(bind_virq(VIRQ_TIMER, 0));
    event_count[which] = 0;
    hypercall(__HYPERVISOR_set_timer_op, before + 20000000);
    while (event_count[which] == 0) sched_op(SCHEDOP_block, nullptr);
    EXPECT(system_time() - before >= 20000000);
    close_port(which);
}
static volatile uint64_t seen_there;
static volatile unsigned tick;
GUEST_CASE(two_vcpus_agree) {
    REQUIRE(run_on_vcpu1([] {
        for (unsigned i = 1; i <= 50; i++) {
            while (tick != i) asm volatile("pause");
            seen_there = system_time();
            tick = tick | 0x1000;
        }
    }));
    uint64_t worst = 0;
    for (unsigned i = 1; i <= 50; i++) {
        const uint64_t before = system_time();
        tick = i;
        while (tick != (i | 0x1000)) sched_op(SCHEDOP_yield, nullptr);
        const uint64_t after = system_time();
        // What the other saw lies between, but for a small error of calibration.
        if (seen_there + 1000000 < before && before - seen_there > worst) worst = before - seen_there;
        if (seen_there > after + 1000000 && seen_there - after > worst) worst = seen_there - after;
    }
    EXPECT(vcpu1_idle());
    EXPECT_EQ(worst, 0);
}
GUEST_CASE(timer_does_not_come_early) {
    vcpu_op(VCPUOP_stop_periodic_timer, 0, nullptr);
    static unsigned which;
    which = static_cast<unsigned>(bind_virq(VIRQ_TIMER, 0));
    events_on();
    for (unsigned i = 0; i < 10; i++) {
        event_count[which] = 0;
        const uint64_t when = system_time() + 1000000 + i * 300000;
        hypercall(__HYPERVISOR_set_timer_op, when);
        if (!EXPECT(wait_for([] { return event_count[which] != 0; }))) break;
        EXPECT(system_time() + 500000 >= when); // clocks of two CPUs and a timer's slop are allowed
    }
    events_off();
    close_port(which);
}
GUEST_CASE(timer_in_the_past_comes_at_once) {
    static unsigned which;
    which = static_cast<unsigned>(bind_virq(VIRQ_TIMER, 0));
    event_count[which] = 0;
    events_on();
    EXPECT_EQ(hypercall(__HYPERVISOR_set_timer_op, 1), 0);
    EXPECT(wait_for([] { return event_count[which] != 0; }));
    events_off();
    close_port(which);
}
GUEST_CASE(timer_cancelled) {
    static unsigned which;
    which = static_cast<unsigned>(bind_virq(VIRQ_TIMER, 0));
    events_on();
    hypercall(__HYPERVISOR_set_timer_op, system_time() + 20000000);
    EXPECT_EQ(hypercall(__HYPERVISOR_set_timer_op, 0), 0);
    vcpu_op(VCPUOP_stop_periodic_timer, 0, nullptr);
    event_count[which] = 0;
    wait_for([] { return false; }, 40);
    EXPECT_EQ(event_count[which], 0);
    events_off();
    close_port(which);
}
GUEST_CASE(wall_clock) {
    EXPECT_EQ(shared->wc_version & 1, 0);
    EXPECT(shared->wc_nsec < 1000000000);
    const uint64_t seconds = shared->wc_sec + system_time() / 1000000000;
    EXPECT(seconds > 1700000000);
}
GUEST_CASE(scribbled_time_page_is_repaired_or_left) {
    // The page is ours to write; the hypervisor must not read its own time from it.
    const uint64_t before = system_time();
    vcpu_time_info_t& time = shared->vcpu_info[0].time;
    const vcpu_time_info_t saved = time;
    time.system_time = 0;
    time.tsc_timestamp = ~0UL;
    time.version = 0xfffffffe;
    sched_op(SCHEDOP_yield, nullptr);
    if (time.version == 0xfffffffe || time.system_time == 0) time = saved;
    EXPECT(wait_for([=] { return system_time() >= before; }));
    vcpu_runstate_info info{};
    vcpu_op(VCPUOP_get_runstate_info, 0, &info);
    EXPECT(info.state_entry_time < before + 3600000000000ULL);
}
