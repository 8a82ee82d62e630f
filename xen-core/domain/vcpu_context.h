// SPDX-License-Identifier: MIT
// A vCPU's whole state as the ABI passes it: vcpu_guest_context (<xen/arch-x86/xen.h>).
#pragma once

#include "base/work_budget.h"
#include "domain/vcpu.h"

namespace skerry {

// Gives the vCPU the context: page-table bases and descriptor tables are taken, the rest is copied. It must not run and
// not be loaded. What it had before is given up. Errors: invalid, those of PvMmu::take_base and
// PvCpuState::set_context; then the vCPU has what it had. restart: nothing done yet, call again.
Status initialise_vcpu(Vcpu& vcpu, const vcpu_guest_context_t& context, WorkBudget& budget);

// The present state. The vCPU must be paused and saved.
void describe_vcpu(const Vcpu& vcpu, vcpu_guest_context_t& context);

} // namespace skerry
