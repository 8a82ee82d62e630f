// SPDX-License-Identifier: MIT
// TLB flushes as guests ask for them: on this CPU, on a set of the domain's vCPUs, on all.
#pragma once

#include "hypercalls/caller.h"

namespace skerry {

// The CPUs whose caches may hold translations of the vCPUs in the guest's bitmap. Errors: bad_address.
Result<CpuSet> cpus_of_vcpus(Domain& domain, GuestVirt bitmap);

// What UVMF_* in `flags` asks for after a change at `virt`. Errors: bad_address.
Status flush_as_asked(Domain& domain, GuestVirt virt, uint64_t flags);

} // namespace skerry
