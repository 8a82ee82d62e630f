// SPDX-License-Identifier: MIT
// Instructions that only ring 0 may execute, done for a PV guest's kernel, which believes to be there.
#pragma once

#include "traps/instruction.h"

#include "domain/vcpu.h"

namespace skerry {

enum class Emulated {
    done,    // registers are changed; the instruction is to be stepped over
    retry,   // execute it again: more of it is left, or it waits
    refused, // general protection fault
    faulted, // a fault of another kind has been injected
};

Emulated emulate_privileged(CpuLocal& cpu, Vcpu& vcpu, const PrivilegedInstruction& instruction);

// CPUID for the guest, in its registers. `by_prefix`: the guest's kernel asked the hypervisor; then OSXSAVE shows
// whether XSAVE may be used at all, before the guest has enabled it: Linux relies on that.
void execute_cpuid(CpuLocal& cpu, Vcpu& vcpu, bool by_prefix);

} // namespace skerry
