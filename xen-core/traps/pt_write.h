// SPDX-License-Identifier: MIT
// Writes of a guest kernel to its own page tables, which it maps read-only: decoded here, judged and done by pv_mmu.
#pragma once

#include "arch/x86_64/cpu_local.h"
#include "base/types.h"
#include "domain/vcpu.h"

namespace skerry {

enum class PtWriteOutcome {
    done,     // the instruction has been executed: registers and rip are changed
    retry,    // execute it again
    not_ours, // an ordinary fault of the guest
};

PtWriteOutcome emulate_page_table_write(CpuLocal& cpu, Vcpu& vcpu, GuestVirt address);

} // namespace skerry
