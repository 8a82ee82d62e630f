// SPDX-License-Identifier: MIT
// The end: power off (ACPI S5), reboot (ACPI reset register, keyboard controller, triple fault), a crash, and the
// machine checks that lead to one (Intel SDM volume 3, chapter 15): xen-core does not recover from uncorrected errors.
// All other CPUs are stopped first, by NMI, whatever they are doing.
#pragma once

#include "base/types.h"

namespace skerry {

struct RegisterFrame;

// From ACPI's FADT and DSDT, filled by boot/.
struct PowerControl {
    uint16_t pm1a_control = 0, pm1b_control = 0; // I/O ports, 0: none
    uint16_t s5_type_a = 0, s5_type_b = 0;       // SLP_TYP values for S5
    bool has_s5 = false;
    uint16_t smi_command = 0; // I/O port that takes acpi_enable where firmware starts in legacy mode
    uint8_t acpi_enable = 0;
    bool has_reset_register = false; // in I/O space
    uint16_t reset_port = 0;
    uint8_t reset_value = 0;
};
inline constinit PowerControl power_control;
// Option "noreboot": reboot() halts instead, so that the last messages stay on the screen.
inline constinit bool halt_instead_of_reboot = false;

[[noreturn]] void power_off();
[[noreturn]] void reboot();
// Stop here for ever, the other CPUs too.
[[noreturn]] void halt_machine();

// For panic: the others stop; this CPU goes on.
void stop_other_cpus();
// The NMI handler asks: has another CPU stopped the machine? Then it calls stop_this_cpu().
bool is_stopping();
[[noreturn]] void stop_this_cpu();

// xen-core dies of a fault of its own: registers, a symbolised back trace, all CPUs stopped. `what` names the reason,
// e.g. "page fault"; `frame` is what was interrupted. Implemented in boot/log.cpp.
[[noreturn]] void crash(const RegisterFrame& frame, const char* what);

// Each CPU: forgets the machine checks that firmware left (after showing them) and enables all banks.
void init_machine_check();
// The banks of this CPU that hold an error, one line each; `when` goes into it. For the crash of a machine check.
void log_machine_check_banks(const char* when);

} // namespace skerry
