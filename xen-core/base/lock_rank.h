// SPDX-License-Identifier: MIT
// The order of xen-core's locks, in one place. A CPU may take a lock only if its rank is greater than that of every
// lock it already holds (equal rank: only through a helper that orders the two by address). docs/locking.md explains.
#pragma once

namespace skerry {

enum class LockRank : unsigned char {
    none,
    control,           // one control operation (domctl) at a time per target domain
    domain_table,      // the list of domains
    pv_mmu,            // page-table updates of one address-space owner (one lock per domain)
    descriptor_window, // one vCPU's LDT pages
    grant_table,       // one domain's grant table (two tables: ordered by address)
    maptrack,          // the handles of one domain's grant mappings
    event_table,       // one domain's event channels (two tables: ordered by address)
    global_virq,       // which domain receives each global virtual interrupt
    event_port,        // one event channel port (two ports: ordered by address)
    event_queue,       // one vCPU's FIFO event queues (two vCPUs: ordered by address)
    shutdown,          // whether one domain is shut down, and the pauses that go with it
    interrupt,         // one interrupt line's routing
    io_apic,           // the register pairs of the IO-APICs
    vcpu_wait,         // one vCPU's poll and timer registrations
    run_queue,         // one CPU's run queue (two queues: ordered by CPU number)
    sched_group,       // one scheduling group's cap budget
    timers,            // one CPU's timer queue
    account,           // an account's frame lists and limits
    allocator,         // the free frames of the machine
    authority,         // one domain's list of rights over others
    flush,             // the TLB shoot-down in flight
    console,           // the log ring and early UART
};

} // namespace skerry
