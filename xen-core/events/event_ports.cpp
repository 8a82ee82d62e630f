// SPDX-License-Identifier: MIT
// Ports: memory for them, allocation, binding; and their end: closing one, all, and the table.
#include "events/event_table.h"

#include <algorithm>

namespace skerry {

EventTable::EventTable(DomId owner, uint32_t max_port, EventHost& host)
    : owner_(owner), max_port_(std::min<uint32_t>(max_port, fifo_ports - 1)), host_(host) {}

// The lowest free port, still free. The table's lock is held; the caller binds it before it lets go.
Result<EvtPort> EventTable::allocate_port() {
    if (is_dying()) return Error::invalid;
    const uint32_t limit = std::min(max_port_ + 1, uses_fifo() ? fifo_ports : two_level_ports);
    for (uint32_t number = lowest_free_; number < limit; ++number) {
        EvtPort port(number);
        TRY(ensure_memory(port));
        if (find(port)->state != PortState::free) {
            if (number == lowest_free_) ++lowest_free_;
        } else if (!is_busy(port)) {
            return port;
        } // else: the guest has not taken an old event of this port off its queue yet; it waits for reuse
    }
    return Error::no_space;
}

Result<EvtPort> EventTable::bind_interdomain(EventTable& remote, EvtPort remote_port) {
    HoldingBoth held(lock_, remote.lock_);
    EvtPort local_port = TRY(allocate_port());
    EventChannel* theirs = remote.find(remote_port);
    if (!theirs || theirs->state != PortState::unbound || theirs->number != owner_.value) return Error::invalid;
    EventChannel& ours = *find(local_port);
    HoldingBoth ports(ours.lock, theirs->lock);
    bind(ours, PortState::interdomain, VcpuId(0), remote_port.value);
    ours.peer = &remote;
    theirs->state = PortState::interdomain;
    theirs->peer = this;
    theirs->number = local_port.value;
    // The other end may have sent before we were bound: let our guest look.
    set_pending(ours, local_port);
    return local_port;
}

Result<EvtPort> EventTable::bind_pirq(uint32_t pirq) {
    Holding held(lock_);
    EvtPort port = TRY(allocate_bound(PortState::pirq, VcpuId(0), pirq));
    Status routed = host_.bind_pirq(pirq, port);
    if (!routed.ok()) {
        EventChannel& channel = *find(port);
        Holding port_held(channel.lock);
        unbind(channel, port);
        return routed.error();
    }
    return port;
}

// --- the end ---

// A link needs both tables' locks. Which the other one is, only this table's lock tells: so it looks, and looks again
// with both, since the link may have changed meanwhile.
Status EventTable::close(EvtPort port) {
    Status status = Error::restart;
    for (EventTable* other = this; status.error() == Error::restart;) {
        EventTable* peer = this;
        {
            HoldingBoth held(lock_, other->lock_);
            EventChannel* channel = find(port);
            bool is_open = channel && channel->state != PortState::free && channel->state != PortState::reserved;
            if (is_open && channel->state == PortState::interdomain) peer = channel->peer;
            if (is_open && peer != this && peer != other)
                peer->users_.fetch_add(1, std::memory_order_relaxed); // it is linked to us: not torn down yet
            else
                status = is_open ? close_held(*channel, port) : Status(Error::invalid);
        }
        if (other != this) other->users_.fetch_sub(1, std::memory_order_release);
        other = peer;
    }
    return status;
}

// The table's lock is held, and that of a peer, whose port waits for this domain to bind it again.
Status EventTable::close_held(EventChannel& channel, EvtPort port) {
    if (channel.state == PortState::pirq) host_.unbind_pirq(channel.number);
    if (channel.state == PortState::virq) {
        // A global one may notify another vCPU than that which it was bound on.
        uint16_t owner = is_global_virq(channel.number) ? 0 : channel.vcpu.load(std::memory_order_relaxed);
        vcpu(VcpuId(owner))->virq_ports[channel.number].store(0, std::memory_order_relaxed);
    }
    EventChannel& end =
        channel.state == PortState::interdomain ? channel.peer->bound(EvtPort(channel.number)) : channel;
    HoldingBoth held(channel.lock, end.lock);
    if (channel.state == PortState::interdomain) {
        end.state = PortState::unbound;
        end.peer = nullptr;
        end.number = owner_.value;
    }
    unbind(channel, port);
    return success;
}

// Closes the ports from closing_ on. Progress survives Error::restart.
Status EventTable::close_all(WorkBudget& budget) {
    uint32_t limit = std::min(max_port_ + 1, fifo_ports);
    uint32_t number = closing_.load(std::memory_order_relaxed);
    for (; number < limit; ++number) {
        if (!find(EvtPort(number))) {
            number |= ports_per_page - 1; // no port of this page exists
            continue;
        }
        if (!budget.spend()) {
            closing_.store(number, std::memory_order_relaxed);
            return Error::restart;
        }
        (void)close(EvtPort(number)); // what is not open stays
    }
    closing_.store(1, std::memory_order_relaxed);
    return success;
}

Status EventTable::tear_down(WorkBudget& budget) {
    {
        Holding held(lock_); // no binding is in the middle
        dying_.store(true, std::memory_order_seq_cst);
    }
    global_virqs.forget(*this);
    TRY(close_all(budget));
    Holding held(lock_);
    if (bound_ports_ != 0) return Error::restart;
    closed_.store(true, std::memory_order_seq_cst);
    if (users_.load(std::memory_order_seq_cst) != 0) return Error::restart;
    drop_fifo();
    for (auto& page : port_pages_)
        if (EventChannel* channels = page.exchange(nullptr, std::memory_order_acq_rel)) host_.return_page(channels);
    return success;
}

} // namespace skerry
