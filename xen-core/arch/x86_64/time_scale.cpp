// SPDX-License-Identifier: MIT
#include "arch/x86_64/time_scale.h"

namespace skerry {

uint64_t multiply_divide(uint64_t a, uint64_t b, uint64_t c) {
    uint64_t high, low, quotient, remainder;
    asm("mulq %3" : "=a"(low), "=d"(high) : "a"(a), "r"(b));
    if (high >= c) return ~uint64_t{0};
    asm("divq %4" : "=a"(quotient), "=d"(remainder) : "a"(low), "d"(high), "r"(c));
    return quotient;
}

TscScale scale_for_frequency(uint64_t hertz) {
    TscScale scale{0, 0};
    // multiplier = 10^9 * 2^32 / hertz, normalised to 31..32 bits.
    uint64_t ticks = hertz;
    while (ticks > 2'000'000'000) {
        ticks >>= 1;
        --scale.shift;
    }
    while (ticks <= 1'000'000'000) {
        ticks <<= 1;
        ++scale.shift;
    }
    // From the unshifted frequency, so that no bit of it is lost: 10^9 * 2^(32 - shift) / hertz.
    uint64_t numerator = uint64_t{1} << 32;
    scale.multiplier =
        static_cast<uint32_t>(scale.shift <= 0 ? multiply_divide(1'000'000'000ull << -scale.shift, numerator, hertz)
                                               : multiply_divide(1'000'000'000ull, numerator, hertz << scale.shift));
    return scale;
}

// How many ticks of `hertz` a nanosecond is, in the form of a scale.
TscScale inverse_scale(uint64_t hertz) {
    // ticks = ns * hertz / 10^9: the scale of a clock whose "nanoseconds" are those ticks.
    TscScale scale{0, 0};
    uint64_t numerator = hertz, denominator = 1'000'000'000;
    while (numerator >= denominator) {
        denominator <<= 1;
        ++scale.shift;
    }
    scale.multiplier = static_cast<uint32_t>(multiply_divide(numerator, uint64_t{1} << 32, denominator));
    return scale;
}

uint64_t seconds_since_1970(uint64_t year, uint64_t month, uint64_t day, uint64_t hour, uint64_t minute,
                            uint64_t second) {
    // Days by the civil calendar, with years that begin in March.
    year -= month <= 2;
    uint64_t era = year / 400, year_of_era = year % 400;
    uint64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    uint64_t days = era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
    return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

} // namespace skerry
