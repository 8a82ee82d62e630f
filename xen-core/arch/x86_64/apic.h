// SPDX-License-Identifier: MIT
// The local APIC of each CPU, in x2APIC mode where the CPU has it, else through its memory window: interrupts between
// CPUs, end of interrupt, and the timer's raw registers. time.h is the way to use the timer.
#pragma once

#include "arch/x86_64/tlb.h"

namespace skerry {

// Boot CPU, after ACPI told the base address and before the other CPUs start; then each CPU for itself.
void init_apic(MachAddr base);
void init_apic_this_cpu();

// The number of each CPU's APIC: set by init_apic() and as other CPUs are started; and ACPI's of the CPU.
inline constinit uint32_t apic_ids[max_cpus]{}, acpi_ids[max_cpus]{};

// Without x2APIC only the numbers 0..254 can be sent to.
bool can_reach_apic(uint32_t apic_id);

void apic_end_of_interrupt();
// Reads and clears the error status register.
uint32_t apic_take_error();

void send_ipi(CpuId cpu, uint8_t vector);
// Panic: every other CPU stops, whatever it is doing.
void send_nmi_to_others();
// Starting a CPU (Intel SDM 8.4.4.1): INIT, then STARTUP with the page number of its real-mode code.
void send_init(uint32_t apic_id);
void send_startup(uint32_t apic_id, uint8_t page);

// One shot of the APIC timer in its own ticks (divided by 1), 0 stops it.
void apic_timer_start(uint32_t ticks);
uint32_t apic_timer_remaining();

} // namespace skerry
