// SPDX-License-Identifier: MIT
// The IO-APICs: one redirection entry per GSI. Used by interrupts.cpp only, under the line's lock (each IO-APIC's
// register pair has a lock of its own inside).
#pragma once

#include "arch/x86_64/interrupts.h"

namespace skerry {

// From the MADT. All its entries are masked. False when it cannot be mapped or there are too many.
bool add_ioapic(MachAddr address, uint32_t first_gsi);
uint32_t ioapic_gsi_count();
// The number of IO-APICs, and where the registers of one stand: no guest may map them.
unsigned ioapic_number();
MachAddr ioapic_address(unsigned index);

void ioapic_route(uint32_t gsi, uint8_t vector, LineConfig config, uint32_t apic_id, bool masked);
void ioapic_mask(uint32_t gsi);
void ioapic_unmask(uint32_t gsi);

// For PHYSDEVOP_apic_read (the hardware domain looks at the version and pin count).
// false: no IO-APIC at that address.
bool ioapic_read(MachAddr base, uint32_t reg, uint32_t& value);

} // namespace skerry
