// SPDX-License-Identifier: MIT
// Time: nanoseconds since xen-core started, from the TSC (synchronised over the CPUs at start-up), and each CPU's
// one-shot timer. The scale is also what guests get in their vcpu_time_info (<xen/xen.h>), so that both compute the
// same.
#pragma once

#include "arch/x86_64/instructions.h"
#include "arch/x86_64/time_scale.h"

namespace skerry {

inline constinit TscScale tsc_scale{0, 0};  // ticks of the TSC to nanoseconds
inline constinit uint64_t tsc_at_start = 0; // TSC value at which now() is 0
inline constinit uint64_t tsc_hertz = 0;

inline Nanoseconds ns_of_tsc(uint64_t tsc) { return tsc_scale.to_ns(tsc - tsc_at_start); }
inline Nanoseconds now() { return ns_of_tsc(read_tsc()); }

// This CPU's timer: raises vector::timer at `deadline` or shortly after (at once if it has passed). `never` stops it.
// May fire early by a little, or spuriously: the handler looks at the clock.
void set_timer_deadline(Nanoseconds deadline);

// Seconds and nanoseconds since 1970 UTC at now() == 0, from the battery clock (or what the first domain set).
struct WallClock {
    uint64_t seconds;
    uint32_t nanoseconds;
};
inline constinit WallClock wall_clock_at_start{0, 0};

// --- Start-up ------------------------------------------------------------------------------------------------------

// The clocks that ACPI names; boot/ fills it before calibrate_clocks().
struct ClockSources {
    MachAddr hpet{0};             // register block; 0: none
    uint16_t pm_timer_port = 0;   // 0: none
    uint8_t century_register = 0; // of the battery clock; 0: none
};
inline constinit ClockSources clock_sources;

// Finds the frequencies of the TSC and of the APIC timer, and reads the battery clock. Returns a one-line reason if no
// reference clock works.
const char* calibrate_clocks();
// Each other CPU as it starts, while the boot CPU runs sync_tsc_source(): makes their TSCs agree.
void sync_tsc_source();
void sync_tsc_this_cpu();
// Busy-wait.
void delay_us(uint32_t microseconds);

} // namespace skerry
