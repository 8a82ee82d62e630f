// SPDX-License-Identifier: MIT
// The sub-operations of domctl, by subject. Each checks the caller's right, changes `request.u` where the operation
// answers, and is called with the target's control lock held (except create).
#pragma once

#include "hypercalls/caller.h"
#include "hypercalls/handles.h"

namespace skerry {

// life: create, destroy, pause, ...
Status create_domain(Caller& caller, xen_domctl_t& request);
Status destroy_domain(Caller& caller, Domain& target);
Status pause_domain(Caller& caller, Domain& target, bool pause);
Status resume_domain(Caller& caller, Domain& target);
Status seal_domain(Caller& caller, Domain& target);
Status describe_domain(Caller& caller, Domain& target, xen_domctl_getdomaininfo& info);

// vCPUs and scheduling
Status set_max_vcpus(Caller& caller, Domain& target, const xen_domctl_max_vcpus& request);
Status set_vcpu_context(Caller& caller, Domain& target, const xen_domctl_vcpucontext& request);
Status get_vcpu_context(Caller& caller, Domain& target, const xen_domctl_vcpucontext& request);
Status get_vcpu_info(Caller& caller, Domain& target, xen_domctl_getvcpuinfo& request);
Status set_affinity(Caller& caller, Domain& target, xen_domctl_vcpuaffinity& request);
Status get_affinity(Caller& caller, Domain& target, xen_domctl_vcpuaffinity& request);
Status schedule_domain(Caller& caller, Domain& target, xen_domctl_scheduler_op& request);

// memory, hardware and the other properties
Status set_max_memory(Caller& caller, Domain& target, const xen_domctl_max_mem& request);
Status describe_frames(Caller& caller, Domain& target, xen_domctl_getpageframeinfo3& request);
Status write_hypercall_page(Caller& caller, Domain& target, const xen_domctl_hypercall_init& request);
Status permit_io_ports(Caller& caller, Domain& target, const xen_domctl_ioport_permission& request);
Status permit_interrupt(Caller& caller, Domain& target, const xen_domctl_irq_permission& request);
Status permit_io_memory(Caller& caller, Domain& target, const xen_domctl_iomem_permission& request);
Status set_time_offset(Caller& caller, Domain& target, const xen_domctl_settimeoffset& request);
Status set_virq_handler(Caller& caller, Domain& target, const xen_domctl_set_virq_handler& request);
Status set_right(Caller& caller, Domain& target, const xen_domctl_t& request);

} // namespace skerry
