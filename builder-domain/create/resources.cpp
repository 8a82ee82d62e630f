// SPDX-License-Identifier: MIT
#include "builder-domain/create/resources.h"

#include "builder-domain/create/failures.h"

namespace skerry::builder {
namespace {

xen_domctl_t operation_on(DomId domain, uint32_t command) {
    xen_domctl_t operation{};
    operation.cmd = command;
    operation.domain = domain.value;
    return operation;
}

Status set_share(Hypervisor& hypervisor, DomId domain, const DomainDescription& description) {
    xen_sysctl_t question{};
    question.cmd = XEN_SYSCTL_sched_id;
    BUILDER_TRY(check(hypervisor.sysctl(question), "asking which scheduler runs"));
    uint32_t scheduler = question.u.sched_id.sched_id;
    if (scheduler != XEN_SCHEDULER_CREDIT && scheduler != XEN_SCHEDULER_CREDIT2)
        return Failure() << "scheduler " << scheduler << " has no weight and cap";
    // Both schedulers lay out weight and cap alike.
    static_assert(sizeof(xen_domctl_sched_credit) == sizeof(xen_domctl_sched_credit2));

    auto operation = operation_on(domain, XEN_DOMCTL_scheduler_op);
    auto& parameters = operation.u.scheduler_op;
    parameters.sched_id = scheduler;
    parameters.cmd = XEN_DOMCTL_SCHEDOP_getinfo;
    BUILDER_TRY(check(hypervisor.domctl(operation), "reading its weight and cap"));
    if (description.weight) parameters.u.credit.weight = *description.weight;
    if (description.cap) parameters.u.credit.cap = *description.cap;
    parameters.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    return check(hypervisor.domctl(operation), "setting its weight and cap");
}

Status set_affinity(Hypervisor& hypervisor, DomId domain, unsigned vcpu, const CpuSet& cpus) {
    uint8_t bitmap[max_cpus / 8] = {};
    for (unsigned cpu = 0; cpu < max_cpus; ++cpu)
        if (cpus.contains(cpu)) bitmap[cpu / 8] |= static_cast<uint8_t>(1u << (cpu % 8));
    auto operation = operation_on(domain, XEN_DOMCTL_setvcpuaffinity);
    auto& affinity = operation.u.vcpuaffinity;
    affinity.vcpu = vcpu;
    affinity.flags = XEN_VCPUAFFINITY_HARD;
    set_xen_guest_handle(affinity.cpumap_hard.bitmap, bitmap);
    affinity.cpumap_hard.nr_bits = max_cpus;
    return check(hypervisor.domctl(operation), "setting its affinity");
}

Status give_ports(Hypervisor& hypervisor, DomId domain, const Range& range) {
    auto operation = operation_on(domain, XEN_DOMCTL_ioport_permission);
    operation.u.ioport_permission.first_port = static_cast<uint32_t>(range.first);
    operation.u.ioport_permission.nr_ports = static_cast<uint32_t>(range.last - range.first + 1);
    operation.u.ioport_permission.allow_access = 1;
    return check(hypervisor.domctl(operation), "giving it I/O ports");
}

// The line becomes the physical interrupt of the same number, in `domain`.
Status map_line(Hypervisor& hypervisor, domid_t domain, uint64_t line) {
    physdev_map_pirq_t mapping{};
    mapping.domid = domain;
    mapping.type = MAP_PIRQ_TYPE_GSI;
    mapping.index = static_cast<int>(line);
    mapping.pirq = static_cast<int>(line);
    BUILDER_TRY(check(hypervisor.physdev_op(PHYSDEVOP_map_pirq, &mapping), "mapping its interrupt line"));
    if (mapping.pirq != static_cast<int>(line))
        return Failure() << "mapping its interrupt line: line " << line << " became interrupt " << mapping.pirq;
    return {};
}

// The permission names the line by the builder's own interrupt number, so the builder needs one first (and must keep
// it: Xen takes the right to a line away from who unmaps it).
Status give_irq(Hypervisor& hypervisor, DomId domain, uint64_t line) {
    BUILDER_TRY(map_line(hypervisor, DOMID_SELF, line));
    auto operation = operation_on(domain, XEN_DOMCTL_irq_permission);
    operation.u.irq_permission.pirq = static_cast<uint32_t>(line);
    operation.u.irq_permission.allow_access = 1;
    BUILDER_TRY(check(hypervisor.domctl(operation), "giving it an interrupt line"));
    return map_line(hypervisor, domain.value, line);
}

Status give_machine_memory(Hypervisor& hypervisor, DomId domain, const Range& frames) {
    auto operation = operation_on(domain, XEN_DOMCTL_iomem_permission);
    operation.u.iomem_permission.first_mfn = frames.first;
    operation.u.iomem_permission.nr_mfns = frames.last - frames.first + 1;
    operation.u.iomem_permission.allow_access = 1;
    return check(hypervisor.domctl(operation), "giving it I/O memory");
}

} // namespace

Status set_scheduling(Hypervisor& hypervisor, DomId domain, const DomainDescription& description) {
    if (description.weight || description.cap) BUILDER_TRY(set_share(hypervisor, domain, description));
    if (description.affinity)
        for (unsigned vcpu = 0; vcpu < description.vcpus; ++vcpu)
            BUILDER_TRY(set_affinity(hypervisor, domain, vcpu, *description.affinity));
    return {};
}

Status give_hardware(Hypervisor& hypervisor, DomId domain, const DomainDescription& description) {
    for (const Range& range : description.irqs)
        for (uint64_t irq = range.first; irq <= range.last; ++irq) BUILDER_TRY(give_irq(hypervisor, domain, irq));
    for (const Range& range : description.iomem) BUILDER_TRY(give_machine_memory(hypervisor, domain, range));
    // Last, because with the ports of the serial line goes the way to tell of a failure.
    for (const Range& range : description.ioports) BUILDER_TRY(give_ports(hypervisor, domain, range));
    return {};
}

} // namespace skerry::builder
