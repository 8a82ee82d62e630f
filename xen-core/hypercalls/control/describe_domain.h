// SPDX-License-Identifier: MIT
// The operations on vCPUs, and what sysctl shares with domctl. domctl.cpp checks the caller's right over `target`, and
// calls with the target's control lock held. Those that answer change `request`.
#pragma once

#include "hypercalls/caller.h"

namespace skerry {

void describe_domain(Domain& target, xen_domctl_getdomaininfo& info);

Status set_max_vcpus(Domain& target, const xen_domctl_max_vcpus& request);
Status set_vcpu_context(Caller& caller, Domain& target, const xen_domctl_vcpucontext& request);
Status get_vcpu_context(Caller& caller, Domain& target, const xen_domctl_vcpucontext& request);
Status get_vcpu_info(Domain& target, xen_domctl_getvcpuinfo& request);
// XEN_DOMCTL_setvcpuaffinity (`sets`) and getvcpuaffinity: the bitmaps that the flags name are read, set, and answered.
Status affinity(Domain& target, const xen_domctl_vcpuaffinity& request, bool sets);
Status schedule_domain(Domain& target, xen_domctl_scheduler_op& request);

} // namespace skerry
