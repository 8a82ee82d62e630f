// SPDX-License-Identifier: MIT
// Time: nanoseconds since xen-core started, from the TSC (synchronised over the CPUs at start-up), and each CPU's
// one-shot timer. The scale is also what guests get in their vcpu_time_info (<xen/xen.h>), so that both compute the
// same. What is not an instruction is pure, and tested on the host.
#pragma once

#include "arch/x86_64/instructions.h"

namespace skerry {

// --- Arithmetic ----------------------------------------------------------------------------------------------------

// From ticks of a clock to nanoseconds and back, by one multiplication. The form is the ABI's (vcpu_time_info):
// ns = ((shift >= 0 ? ticks << shift : ticks >> -shift) * multiplier) >> 32
struct TscScale {
    uint32_t multiplier;
    int8_t shift;

    uint64_t to_ns(uint64_t ticks) const {
        ticks = shift >= 0 ? ticks << shift : ticks >> -shift;
        return static_cast<uint64_t>((static_cast<unsigned __int128>(ticks) * multiplier) >> 32);
    }
};

// a * b / c without losing bits; all ones when it does not fit.
inline uint64_t multiply_divide(uint64_t a, uint64_t b, uint64_t c) {
    uint64_t high, low, quotient, remainder;
    asm("mulq %3" : "=a"(low), "=d"(high) : "a"(a), "r"(b));
    if (high >= c) return ~uint64_t{0};
    asm("divq %4" : "=a"(quotient), "=d"(remainder) : "a"(low), "d"(high), "r"(c));
    return quotient;
}

// The scale that multiplies by `to` / `from`, for two frequencies of 1 MHz to 1 THz: a clock's and 10^9 to turn its
// ticks into nanoseconds, the other way round to turn nanoseconds into ticks. The multiplier has all of its 32 bits.
inline TscScale scale_between(uint64_t from, uint64_t to) {
    TscScale scale{0, 0};
    for (; to >= from; from <<= 1) ++scale.shift;
    for (; to < from - to; to <<= 1) --scale.shift;
    scale.multiplier = static_cast<uint32_t>(multiply_divide(to, uint64_t{1} << 32, from));
    return scale;
}

// Civil date (UTC) to seconds since 1970. Month and day count from 1; years from 1970.
inline uint64_t seconds_since_1970(uint64_t year, uint64_t month, uint64_t day, uint64_t hour, uint64_t minute,
                                   uint64_t second) {
    // Days by the civil calendar, with years that begin in March.
    year -= month <= 2;
    uint64_t era = year / 400, year_of_era = year % 400;
    uint64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    uint64_t days = era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
    return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

// --- The clock and the timer ---------------------------------------------------------------------------------------

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
