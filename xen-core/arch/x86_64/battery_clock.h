// SPDX-License-Identifier: MIT
// The battery-backed clock (MC146818), read once at start-up.
#pragma once

#include "base/types.h"

namespace skerry {

// Seconds since 1970, taking the clock for UTC; 0 when it is not set.
uint64_t read_battery_clock();

} // namespace skerry
