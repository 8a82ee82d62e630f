// SPDX-License-Identifier: MIT
// Time: nanoseconds since xen-core started, from the TSC (synchronised over the CPUs at start-up), and each CPU's
// one-shot timer. The scale is also what guests get in their vcpu_time_info (<xen/xen.h>), so that both compute the
// same.
#pragma once

#include "arch/x86_64/instructions.h"
#include "arch/x86_64/time_scale.h"
#include "base/types.h"

namespace skerry {

extern TscScale tsc_scale;    // ticks of the TSC to nanoseconds
extern uint64_t tsc_at_start; // TSC value at which now() is 0
extern uint64_t tsc_hertz;

inline Nanoseconds ns_of_tsc(uint64_t tsc) { return tsc_scale.to_ns(tsc - tsc_at_start); }
inline Nanoseconds now() { return ns_of_tsc(read_tsc()); }

inline constexpr Nanoseconds no_deadline = ~Nanoseconds{0};

// This CPU's timer: raises vector::timer at `deadline` or shortly after (at once if it has passed). no_deadline stops
// it. May fire early by a little, or spuriously: the handler looks at the clock.
void set_timer_deadline(Nanoseconds deadline);

// Seconds and nanoseconds since 1970 UTC at now() == 0, from the battery clock (or what the first domain set).
struct WallClock {
    uint64_t seconds;
    uint32_t nanoseconds;
};
extern WallClock wall_clock_at_start;

// Start-up. Needs ACPI's timers found; returns a one-line reason if no reference clock works.
const char* calibrate_clocks();
void set_timer_frequency(uint64_t hertz); // of what set_timer_deadline() programs
// Each other CPU as it starts, while the boot CPU runs sync_tsc_source(): makes their TSCs agree.
void sync_tsc_source();
void sync_tsc_this_cpu();

// Busy-wait, for start-up only.
void delay_us(uint32_t microseconds);

} // namespace skerry
