// SPDX-License-Identifier: MIT
// The reference clocks that ACPI names; boot/ fills it before calibrate_clocks().
#pragma once

#include "base/types.h"

namespace skerry {

struct ClockSources {
    MachAddr hpet{0};             // register block; 0: none
    uint16_t pm_timer_port = 0;   // 0: none
    uint8_t century_register = 0; // of the battery clock; 0: none
};

extern ClockSources clock_sources;

} // namespace skerry
