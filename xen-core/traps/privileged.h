// SPDX-License-Identifier: MIT
// Instructions that only ring 0 may execute, done for a PV guest's kernel, which believes to be there; port I/O and
// CPUID for its user mode too.
#pragma once

#include "domain/vcpu.h"
#include "traps/instruction.h"

namespace skerry {

// Success: registers are changed, the instruction is to be stepped over. Error::restart: the guest executes it again,
// because more of it is left, it waits, or a fault of another kind has been injected. All others: #GP.
Status execute_privileged(CpuLocal& cpu, Vcpu& vcpu, const Instruction& instruction);

// CPUID for the guest, in its registers. `by_prefix`: the guest's kernel asked the hypervisor; then OSXSAVE shows
// whether XSAVE may be used at all, before the guest has enabled it: Linux relies on that.
void execute_cpuid(CpuLocal& cpu, Vcpu& vcpu, bool by_prefix);

// Control registers, XCR0 and model-specific registers as a PV kernel sees them (guest_registers.cpp). Few exist. What
// does not, and what would need what a PV guest cannot have, is an error here and a general protection fault to the
// guest, as on Xen. (For a control register that does not exist #UD were right; it looks the same to a kernel that tries.)
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
