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

} // namespace skerry
