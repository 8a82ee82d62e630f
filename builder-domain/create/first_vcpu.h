// SPDX-License-Identifier: MIT
// The state in which a new domain's vCPU 0 starts; the guest brings up the others itself (VCPUOP_initialise).
#pragma once

#include "builder-domain/base/result.h"
#include "builder-domain/create/hypervisor.h"

namespace skerry::builder {

struct FirstVcpu {
    uint64_t entry;      // virtual addresses
    uint64_t stack;      // its end: it grows down
    uint64_t start_info; // arrives in RSI
    Mfn root;            // top-level page table
};

Status start_first_vcpu(Hypervisor& hypervisor, DomId domain, const FirstVcpu& vcpu);

} // namespace skerry::builder
