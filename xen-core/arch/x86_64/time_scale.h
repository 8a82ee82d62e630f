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

// The scale of a clock of that frequency, 1 MHz to 1 THz.
TscScale scale_for_frequency(uint64_t hertz);
// The other direction: to_ns() of the result turns nanoseconds into ticks.
TscScale inverse_scale(uint64_t hertz);

// a * b / c without losing bits; all ones when it does not fit.
uint64_t multiply_divide(uint64_t a, uint64_t b, uint64_t c);

// Civil date (UTC) to seconds since 1970. Month and day count from 1; years from 1970.
uint64_t seconds_since_1970(uint64_t year, uint64_t month, uint64_t day, uint64_t hour, uint64_t minute,
                            uint64_t second);

} // namespace skerry
