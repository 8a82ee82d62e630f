// SPDX-License-Identifier: MIT
// Control registers, XCR0 and model-specific registers as a PV kernel sees them. Few exist. What does not, and what
// would need what a PV guest cannot have, is an error here and a general protection fault to the guest, as on Xen. (For
// a control register that does not exist #UD were right; it looks the same to a kernel that tries.)
#pragma once

#include "domain/vcpu.h"

namespace skerry {

Result<uint64_t> read_guest_control(Vcpu& vcpu, unsigned index);
// Error::restart: the new page-table base is not checked to its end, the instruction is to be executed again.
Status write_guest_control(CpuLocal& cpu, Vcpu& vcpu, unsigned index, uint64_t value);

// XSETBV of register 0: which state components the guest uses.
Status set_guest_xcr0(Vcpu& vcpu, uint64_t value);

Result<uint64_t> read_guest_msr(Vcpu& vcpu, uint32_t number);
Status write_guest_msr(Vcpu& vcpu, uint32_t number, uint64_t value);

// Each CPU, as it starts: makes CPUID in ring 3 a general protection fault where the machine can, so that guests see
// their policy even without the prefix.
void trap_guest_cpuid();

} // namespace skerry
