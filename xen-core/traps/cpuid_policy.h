// SPDX-License-Identifier: MIT
// What CPUID tells a PV guest: the machine's answer, less what such a guest has no part in (other paging modes,
// hardware virtualisation, power and performance counters, interrupts by APIC), plus the leaves by which it finds Xen's
// interface. Pure: the machine is asked through a function, so that host tests can be any machine. The features are
// those that <xen/arch-x86/cpufeatureset.h> marks as available to all guests.
#pragma once

#include "arch/x86_64/instructions.h"

namespace skerry {

struct CpuidView {
    CpuidLeaf (*machine)(uint32_t leaf, uint32_t subleaf);
    bool osxsave;  // the guest's CR4.OSXSAVE
    bool fsgsbase; // the machine has FSGSBASE enabled
    bool rdtscp;
    uint64_t machine_xcr0; // components that guests may use; 0: no XSAVE
    uint64_t guest_xcr0;   // those that this one has enabled
    uint32_t tsc_khz;
    uint64_t tsc_offset; // Xen's leaf 3: guest time = (tsc - offset) scaled
    uint32_t tsc_multiplier;
    int8_t tsc_shift;
    uint8_t address_bits; // of the addresses of the machine's memory
};

CpuidLeaf guest_cpuid(const CpuidView& view, uint32_t leaf, uint32_t subleaf);

} // namespace skerry
