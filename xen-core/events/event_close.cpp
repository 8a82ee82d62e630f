// SPDX-License-Identifier: MIT
// The end of ports: closing one, all, and the table.
#include "events/event_table.h"

#include <algorithm>

namespace skerry {

// The table's lock and the port's are held. The port is free afterwards.
void EventTable::unbind(EventChannel& channel, EvtPort port) {
    channel.state = PortState::free;
    channel.peer = nullptr;
    channel.consumer = 0;
    channel.pending_without_page = false;
    channel.vcpu.store(0, std::memory_order_relaxed);
    clear_pending(port);
    --bound_ports_;
    lowest_free_ = std::min(lowest_free_, port.value);
}

Status EventTable::close(EvtPort port) { return close_port(port, true); }

Status EventTable::close_attached(EvtPort port) { return close_port(port, false); }

Status EventTable::close_port(EvtPort port, bool by_guest) {
    for (;;) {
        EventTable* peer = nullptr;
        {
            Holding held(lock_);
            EventChannel* channel = find(port);
            if (!channel || channel->state == PortState::free || channel->state == PortState::reserved)
                return Error::invalid;
            if (by_guest && channel->consumer) return Error::invalid;
            if (channel->state != PortState::interdomain) {
                close_local(*channel, port);
                return success;
            }
            peer = channel->peer;
            if (peer == this) {
                close_link(*channel, port, *peer);
                return success;
            }
            peer->users_.fetch_add(1, std::memory_order_relaxed); // it is linked to us: not torn down yet
        }
        // Both tables, in order; the link may have changed meanwhile.
        bool closed = close_if_linked_to(*peer, port);
        peer->users_.fetch_sub(1, std::memory_order_release);
        if (closed) return success;
    }
}

// The table's lock is held; the port is bound, and not interdomain.
void EventTable::close_local(EventChannel& channel, EvtPort port) {
    if (channel.state == PortState::pirq) pirqs_.unbind(channel.number);
    if (channel.state == PortState::virq) {
        for (auto& slot : vcpus_) {
            EventVcpu* event_vcpu = slot.load(std::memory_order_relaxed);
            if (event_vcpu && event_vcpu->virq_ports[channel.number].load(std::memory_order_relaxed) == port.value)
                event_vcpu->virq_ports[channel.number].store(0, std::memory_order_relaxed);
        }
    }
    Holding held(channel.lock);
    unbind(channel, port);
}

// Both tables' locks are held. The peer's port waits for this domain to bind it again.
void EventTable::close_link(EventChannel& ours, EvtPort port, EventTable& peer) {
    EventChannel& theirs = *peer.find(EvtPort(ours.number));
    HoldingBoth ports(ours.lock, theirs.lock);
    theirs.state = PortState::unbound;
    theirs.peer = nullptr;
    theirs.number = owner_.value;
    unbind(ours, port);
}

bool EventTable::close_if_linked_to(EventTable& peer, EvtPort port) {
    HoldingBoth held(lock_, peer.lock_);
    EventChannel& channel = *find(port);
    if (channel.state != PortState::interdomain || channel.peer != &peer) return false;
    close_link(channel, port, peer);
    return true;
}

// Closes the ports from closing_ on. Progress survives Error::restart.
Status EventTable::close_all(WorkBudget& budget, bool by_guest) {
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
        (void)close_port(EvtPort(number), by_guest); // what is not open, or not the guest's, stays
    }
    closing_.store(1, std::memory_order_relaxed);
    return success;
}

Status EventTable::reset(WorkBudget& budget) {
    TRY_STATUS(close_all(budget, true));
    Holding held(lock_);
    if (bound_ports_ != 0) return Error::try_again;
    drop_fifo();
    return success;
}

Status EventTable::tear_down(WorkBudget& budget) {
    {
        Holding held(lock_); // no binding is in the middle
        dying_.store(true, std::memory_order_seq_cst);
    }
    global_virqs.forget(*this);
    TRY_STATUS(close_all(budget, false));
    Holding held(lock_);
    if (bound_ports_ != 0) return Error::restart;
    closed_.store(true, std::memory_order_seq_cst);
    if (users_.load(std::memory_order_seq_cst) != 0) return Error::restart;
    drop_fifo();
    free_memory();
    return success;
}

// No port is bound, and no new one can be.
void EventTable::free_memory() {
    for (auto& slot : directories_) {
        Directory* directory = slot.exchange(nullptr, std::memory_order_acq_rel);
        if (!directory) continue;
        for (auto& page : directory->pages)
            if (EventChannel* channels = page.load(std::memory_order_relaxed)) page_source_.return_page(channels);
        page_source_.return_page(directory);
    }
    if (EventChannel* channels = first_page_.exchange(nullptr, std::memory_order_acq_rel))
        page_source_.return_page(channels);
}

} // namespace skerry
