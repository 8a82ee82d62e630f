// SPDX-License-Identifier: MIT
// What this machine's CPUs can do, decided once on the boot CPU; every other CPU is checked to have the same and set up
// alike. Read-only after start-up.
#pragma once

#include "arch/x86_64/instructions.h"

namespace skerry {

struct CpuFeatures {
    bool smep;     // supervisor may not execute user pages
    bool smap;     // supervisor may not touch user pages by accident; off under TCG (its iretq is wrong with it)
    bool fsgsbase; // rdfsbase and friends are enabled, for guests too
    bool xsave;    // XSAVE enabled in CR4
    bool xsaveopt, gigabyte_pages, x2apic, tsc_deadline, invariant_tsc, tsc_adjust, rdtscp, machine_check;
    bool intel, amd;
    bool hypervisor; // we run under one
    bool meltdown;   // PV guests could read xen-core's memory by speculation
    uint8_t physical_address_bits;
    uint64_t cr3_no_flush; // cr3_no_flush where the CPU has process-context identifiers (PCID), else 0
    uint64_t cr4;          // as core_cr4() gives it
    uint64_t xcr0;         // the state components that are enabled and that guests may use
    uint32_t xsave_size;   // bytes of a save area for all of xcr0 (standard format); 512 without XSAVE
};

inline constinit CpuFeatures cpu_features{};

// Boot CPU: fills cpu_features. Returns a one-line reason if a required feature is missing, else nullptr.
const char* detect_cpu_features(bool want_smap);

// Every CPU, boot CPU first: control registers, EFER, PAT, XCR0 as cpu_features says. Not the syscall MSRs (traps/).
void set_up_cpu_features();

// The control-register values every CPU runs with (CR0 with TS clear).
inline uint64_t core_cr0() {
    return cr0::paging | cr0::write_protect | cr0::numeric_error | cr0::monitor_coprocessor | cr0::protection |
           cr0::alignment_mask | 1 << 4;
}
inline uint64_t core_cr4() { return cpu_features.cr4; }

} // namespace skerry
