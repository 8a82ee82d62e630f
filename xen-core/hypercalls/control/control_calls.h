// SPDX-License-Identifier: MIT
// The sub-operations of domctl that stand in files of their own, by subject. domctl.cpp checks the caller's right over
// `target`, and calls with the target's control lock held. Those that answer change `request`.
#pragma once

#include "hypercalls/caller.h"

namespace skerry {

void describe_domain(Domain& target, xen_domctl_getdomaininfo& info);

// vCPUs and scheduling
Status set_max_vcpus(Domain& target, const xen_domctl_max_vcpus& request);
Status set_vcpu_context(Caller& caller, Domain& target, const xen_domctl_vcpucontext& request);
Status get_vcpu_context(Caller& caller, Domain& target, const xen_domctl_vcpucontext& request);
Status get_vcpu_info(Domain& target, xen_domctl_getvcpuinfo& request);
Status set_affinity(Domain& target, const xen_domctl_vcpuaffinity& request);
Status get_affinity(Domain& target, const xen_domctl_vcpuaffinity& request);
Status schedule_domain(Domain& target, xen_domctl_scheduler_op& request);

// memory, hardware and rights
Status describe_frames(Domain& target, const xen_domctl_getpageframeinfo3& request);
Status write_hypercall_page(Domain& target, const xen_domctl_hypercall_init& request);
Status permit_io_ports(Caller& caller, Domain& target, const xen_domctl_ioport_permission& request);
Status permit_interrupt(Caller& caller, Domain& target, const xen_domctl_irq_permission& request);
Status permit_io_memory(Caller& caller, Domain& target, const xen_domctl_iomem_permission& request);
Status set_right(Caller& caller, Domain& target, const xen_domctl_t& request);

} // namespace skerry
