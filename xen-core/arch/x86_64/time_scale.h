// SPDX-License-Identifier: MIT
// From ticks of a clock to nanoseconds and back, by one multiplication. The form is the ABI's (vcpu_time_info in
// <xen/xen.h>), so that guests compute the same time as xen-core. Pure, also tested on the host.
#pragma once

#include "base/types.h"

namespace skerry {

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

} // namespace skerry
