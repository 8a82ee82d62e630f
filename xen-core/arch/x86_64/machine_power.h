// SPDX-License-Identifier: MIT
// The end: power off (ACPI S5), reboot (ACPI reset register, keyboard controller, triple fault). None of them returns. All
// other CPUs are stopped first.
#pragma once

#include "base/types.h"

namespace skerry {

// From ACPI's FADT and DSDT, filled by boot/.
struct PowerControl {
    uint16_t pm1a_control;   // I/O port, 0: none
    uint16_t pm1b_control;
    uint16_t s5_type_a;      // SLP_TYP value for S5
    uint16_t s5_type_b;
    bool has_s5;
    bool has_reset_register; // in I/O space
    uint16_t reset_port;
    uint8_t reset_value;
};
extern PowerControl power_control;

[[noreturn]] void power_off();
[[noreturn]] void reboot();
// Stop here for ever, interrupts off; the others too.
[[noreturn]] void halt_machine();
void stop_other_cpus();

} // namespace skerry
