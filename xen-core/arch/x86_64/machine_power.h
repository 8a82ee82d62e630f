// SPDX-License-Identifier: MIT
// The end: power off (ACPI S5), reboot (ACPI reset register, keyboard controller, triple fault). None of them returns.
// All other CPUs are stopped first, by NMI, whatever they are doing.
#pragma once

#include "base/types.h"

namespace skerry {

// From ACPI's FADT and DSDT, filled by boot/.
struct PowerControl {
    uint16_t pm1a_control = 0; // I/O port, 0: none
    uint16_t pm1b_control = 0;
    uint16_t s5_type_a = 0; // SLP_TYP value for S5
    uint16_t s5_type_b = 0;
    bool has_s5 = false;
    uint16_t smi_command = 0; // I/O port that takes acpi_enable where firmware starts in legacy mode
    uint8_t acpi_enable = 0;
    bool has_reset_register = false; // in I/O space
    uint16_t reset_port = 0;
    uint8_t reset_value = 0;
};
extern PowerControl power_control;
// Option "noreboot": reboot() halts instead, so that the last messages stay on the screen.
extern bool halt_instead_of_reboot;

[[noreturn]] void power_off();
[[noreturn]] void reboot();
// Stop here for ever, the other CPUs too.
[[noreturn]] void halt_machine();

// For panic: the others stop; this CPU goes on.
void stop_other_cpus();
// The NMI handler asks: has another CPU stopped the machine? Then it calls stop_this_cpu().
bool is_stopping();
[[noreturn]] void stop_this_cpu();

} // namespace skerry
