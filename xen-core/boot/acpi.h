// SPDX-License-Identifier: MIT
// Finds ACPI's tables and takes from them what xen-core needs: CPUs, interrupt controllers, reference clocks, the way
// to power off and reboot. Everything else of ACPI is the first domain's.
#pragma once

#include "arch/x86_64/tlb.h"
#include "base/types.h"

namespace skerry {

struct MachineDescription {
    MachAddr local_apic{0xfee00000};
    uint32_t cpu_count = 0; // usable CPUs in the MADT
    uint32_t cpu_apic_ids[max_cpus]{};
    bool has_madt = false;
};

extern MachineDescription machine;

// Fills `machine`, clock_sources (arch/x86_64/time.h), power_control; registers IO-APICs and overrides. Without tables
// there is one CPU, no IO-APIC, and the PIT as a clock: said in the log.
void read_acpi();

} // namespace skerry
