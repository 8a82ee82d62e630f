// SPDX-License-Identifier: MIT
#include "arch/x86_64/time.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/features.h"

namespace skerry {

constinit TscScale tsc_scale{0, 0};
constinit uint64_t tsc_at_start = 0;
constinit uint64_t tsc_hertz = 0;
constinit WallClock wall_clock_at_start{0, 0};

namespace {

TscScale timer_ticks{0, 0}; // from nanoseconds

uint64_t ticks_in(Nanoseconds ns) { return timer_ticks.to_ns(ns) + 1; }

} // namespace

void set_timer_frequency(uint64_t hertz) { timer_ticks = inverse_scale(hertz); }

// A guest can name any deadline: what is far away fires early, and the handler arms it again.
void set_timer_deadline(Nanoseconds deadline) {
    constexpr Nanoseconds longest = 1'000'000'000;
    if (deadline == no_deadline) {
        cpu_features.tsc_deadline ? apic_timer_deadline(0) : apic_timer_start(0);
        return;
    }
    uint64_t tsc = read_tsc();
    Nanoseconds time = ns_of_tsc(tsc);
    Nanoseconds left = deadline > time ? deadline - time : 0;
    uint64_t ticks = ticks_in(left < longest ? left : longest);
    if (cpu_features.tsc_deadline)
        apic_timer_deadline(tsc + ticks);
    else
        apic_timer_start(ticks < ~0u ? static_cast<uint32_t>(ticks) : ~0u);
}

void delay_us(uint32_t microseconds) {
    uint64_t ticks = tsc_hertz / 1'000'000 * microseconds;
    for (uint64_t start = read_tsc(); read_tsc() - start < ticks;) pause();
}

} // namespace skerry
