// SPDX-License-Identifier: MIT
// Which right each control operation on another domain, or on the machine, takes. docs/abi.md shows this table, and the guest
// `authority` tries each row from domains that hold every single right.
//
// OPERATION(hypercall, command, rights): `rights` is a set of Right below, any of which is enough. In this order each row's
// target is still there and unsealed. (XEN_DOMCTL_irq_permission is not in it: it takes grant_rights and a line of one's own.)
//
// PLATFORM_DOMAIN(name, over_platform, over_unsealed, over_sealed): what each kind of domain of the platform holds, over the
// platform and over a guest: while that is being built, and from when it is sealed and handed over. The guest `authority`
// tries all operations as each of them, on either target.
#pragma once

enum Right : unsigned {
    nothing = 0,
    create_domains = 1 << 0,
    grant_rights = 1 << 1,
    inspect = 1 << 2,
    read_log = 1 << 3,
    write_log = 1 << 4,
    set_wall_clock = 1 << 5,
    hardware = 1 << 6,
    control = 1 << 7,    // over the target
    map_memory = 1 << 8, // over the target, until it is sealed
    everything = (1 << 9) - 1,
};

#define PLATFORM_DOMAINS(PLATFORM_DOMAIN)                                                                              \
    PLATFORM_DOMAIN(founder, everything, everything, everything)                                                       \
    PLATFORM_DOMAIN(builder, create_domains | inspect, control | map_memory, nothing)                                  \
    PLATFORM_DOMAIN(xenstore, nothing, nothing, nothing)                                                               \
    PLATFORM_DOMAIN(console, read_log, nothing, nothing)                                                               \
    PLATFORM_DOMAIN(toolstack, inspect | read_log, nothing, control)                                                   \
    PLATFORM_DOMAIN(guest, nothing, nothing, nothing)

#define CONTROL_OPERATIONS(OPERATION)                                                                                  \
    OPERATION(sysctl, XEN_SYSCTL_physinfo, inspect)                                                                    \
    OPERATION(sysctl, XEN_SYSCTL_sched_id, inspect)                                                                    \
    OPERATION(sysctl, XEN_SYSCTL_getdomaininfolist, inspect)                                                           \
    OPERATION(sysctl, XEN_SYSCTL_getcpuinfo, inspect)                                                                  \
    OPERATION(sysctl, XEN_SYSCTL_availheap, inspect)                                                                   \
    OPERATION(sysctl, XEN_SYSCTL_cputopoinfo, inspect)                                                                 \
    OPERATION(sysctl, XEN_SYSCTL_readconsole, read_log)                                                                \
    OPERATION(console_io, CONSOLEIO_write, write_log)                                                                  \
    OPERATION(platform_op, XENPF_settime64, set_wall_clock)                                                            \
    OPERATION(platform_op, XENPF_get_cpuinfo, hardware)                                                                \
    OPERATION(memory_op, XENMEM_machine_memory_map, hardware)                                                          \
    OPERATION(physdev_op, PHYSDEVOP_apic_read, hardware)                                                               \
    OPERATION(physdev_op, PHYSDEVOP_apic_write, hardware)                                                              \
    OPERATION(domctl, XEN_DOMCTL_createdomain, create_domains)                                                         \
    OPERATION(domctl, XEN_DOMCTL_getdomaininfo, inspect | control)                                                     \
    OPERATION(domctl, XEN_DOMCTL_getvcpuinfo, inspect | control)                                                       \
    OPERATION(domctl, XEN_DOMCTL_getvcpuaffinity, inspect | control)                                                   \
    OPERATION(domctl, scheduler_op_getinfo, inspect | control)                                                         \
    OPERATION(domctl, scheduler_op_putinfo, control)                                                                   \
    OPERATION(domctl, get_rights, inspect | control)                                                                   \
    OPERATION(memory_op, XENMEM_current_reservation, inspect | control)                                                \
    OPERATION(memory_op, XENMEM_maximum_reservation, inspect | control)                                                \
    OPERATION(memory_op, XENMEM_maximum_gpfn, inspect | control)                                                       \
    OPERATION(domctl, XEN_DOMCTL_max_vcpus, control)                                                                   \
    OPERATION(domctl, XEN_DOMCTL_max_mem, control)                                                                     \
    OPERATION(domctl, XEN_DOMCTL_settimeoffset, control)                                                               \
    OPERATION(domctl, XEN_DOMCTL_setdomainhandle, control)                                                             \
    OPERATION(domctl, XEN_DOMCTL_setvcpuaffinity, control)                                                             \
    OPERATION(domctl, XEN_DOMCTL_set_address_size, control)                                                            \
    OPERATION(domctl, XEN_DOMCTL_get_address_size, control)                                                            \
    OPERATION(domctl, XEN_DOMCTL_settscinfo, control)                                                                  \
    OPERATION(domctl, XEN_DOMCTL_pausedomain, control)                                                                 \
    OPERATION(domctl, XEN_DOMCTL_unpausedomain, control)                                                               \
    OPERATION(domctl, XEN_DOMCTL_resumedomain, control)                                                                \
    OPERATION(sched_op, SCHEDOP_remote_shutdown, control)                                                              \
    OPERATION(domctl, XEN_DOMCTL_ioport_permission, grant_rights)                                                      \
    OPERATION(domctl, XEN_DOMCTL_iomem_permission, grant_rights)                                                       \
    OPERATION(domctl, XEN_DOMCTL_set_virq_handler, grant_rights)                                                       \
    OPERATION(domctl, set_right, grant_rights)                                                                         \
    OPERATION(memory_op, XENMEM_populate_physmap, map_memory)                                                          \
    OPERATION(memory_op, XENMEM_decrease_reservation, map_memory)                                                      \
    OPERATION(memory_op, XENMEM_increase_reservation, map_memory)                                                      \
    OPERATION(memory_op, XENMEM_exchange, map_memory)                                                                  \
    OPERATION(memory_op, XENMEM_set_memory_map, map_memory)                                                            \
    OPERATION(domctl, XEN_DOMCTL_setvcpucontext, map_memory)                                                           \
    OPERATION(domctl, XEN_DOMCTL_getvcpucontext, map_memory)                                                           \
    OPERATION(domctl, XEN_DOMCTL_hypercall_init, map_memory)                                                           \
    OPERATION(mmuext_op, MMUEXT_PIN_L1_TABLE, map_memory)                                                              \
    OPERATION(mmu_update, MMU_NORMAL_PT_UPDATE, map_memory)                                                            \
    OPERATION(event_channel_op, EVTCHNOP_alloc_unbound, control)                                                       \
    OPERATION(event_channel_op, EVTCHNOP_status, control)                                                              \
    OPERATION(event_channel_op, EVTCHNOP_reset, control)                                                               \
    OPERATION(grant_table_op, GNTTABOP_setup_table, map_memory)                                                        \
    OPERATION(grant_table_op, GNTTABOP_query_size, map_memory)                                                         \
    OPERATION(grant_table_op, GNTTABOP_get_version, map_memory)                                                        \
    OPERATION(grant_table_op, GNTTABOP_get_status_frames, map_memory)                                                  \
    OPERATION(domctl, seal, map_memory)                                                                                \
    OPERATION(domctl, XEN_DOMCTL_destroydomain, control)
