// SPDX-License-Identifier: MIT
// One port of a domain's event table, and what the table keeps per vCPU.
#pragma once

#include "base/lock.h"
#include "events/event_interfaces.h"

#include <xen/event_channel.h>
#include <xen/xen.h>

namespace skerry {

class EventTable;

enum class PortState : uint8_t { free, reserved, unbound, interdomain, pirq, virq, ipi };

// Zeroed memory is a free port. `lock` guards the rest; the fields that name a binding (state, peer, number) change
// only while the table's lock is held too, so either lock suffices to read them.
struct EventChannel {
    Lock<LockRank::event_port> lock;
    PortState state;
    std::atomic<uint8_t> priority;          // FIFO: of the next queueing
    uint8_t consumer;                       // 0: the guest; else 1 + index into the table's consumers
    std::atomic<bool> pending_without_page; // FIFO: set pending before its event word existed
    std::atomic<uint16_t> vcpu;             // whom to notify
    std::atomic<uint16_t> last_queue;       // FIFO: vCPU << 4 | priority of the queue it was last put on
    EventTable* peer;                       // interdomain: the other end's table (perhaps our own)
    uint32_t number; // interdomain: the peer's port; unbound: the domain that may bind; pirq, virq: which
    uint32_t unused;
};
static_assert(sizeof(EventChannel) == 32, "128 ports a page");

// The event side of one vCPU. Embedded in Vcpu and attached to the table; must outlive it or be detached.
struct EventVcpu : NonCopyable {
    static constexpr unsigned virqs = 24;
    static_assert(virqs == NR_VIRQS);

    // Where the guest sees its flags: in shared_info, or where VCPUOP_register_vcpu_info put it. Null: events for it
    // stay pending in the bitmaps until it has one.
    std::atomic<vcpu_info*> info{nullptr};
    std::atomic<uint32_t> virq_ports[virqs] = {}; // 0: not bound
    // FIFO; queues_lock guards tails and the links of events on this vCPU's queues.
    Lock<LockRank::event_queue> queues_lock;
    std::atomic<evtchn_fifo_control_block*> control_block{nullptr};
    void* control_page = nullptr;
    uint32_t tails[EVTCHN_FIFO_MAX_QUEUES] = {}; // 0: the queue is empty
};

} // namespace skerry
