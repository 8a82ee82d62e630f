// SPDX-License-Identifier: MIT
// Ports: memory for them, allocation, binding.
#include "events/event_table.h"

#include "base/log.h"

#include <algorithm>

namespace skerry {

EventTable::EventTable(DomId owner, uint32_t max_port, EventSink& sink, EventPageSource& page_source,
                       EventPages& guest_pages, PirqRouter& pirqs)
    : owner_(owner), max_port_(std::min<uint32_t>(max_port, fifo_ports - 1)), sink_(sink), page_source_(page_source),
      guest_pages_(guest_pages), pirqs_(pirqs) {}

void EventTable::attach_vcpu(VcpuId id, EventVcpu& event_vcpu) {
    ASSERT(id.value < max_vcpus && !vcpu(id));
    vcpus_[id.value].store(&event_vcpu, std::memory_order_release);
}

EventChannel* EventTable::find_far(EvtPort port) {
    if (port.value >= fifo_ports) return nullptr;
    uint32_t page = port.value / ports_per_page;
    Directory* directory = directories_[page / pages_per_directory].load(std::memory_order_acquire);
    EventChannel* first =
        directory ? directory->pages[page % pages_per_directory].load(std::memory_order_acquire) : nullptr;
    return first ? first + port.value % ports_per_page : nullptr;
}

// The table's lock is held.
Status EventTable::ensure_memory(EvtPort port) {
    if (find(port)) return success;
    std::atomic<EventChannel*>* slot = &first_page_;
    if (port.value >= ports_per_page) {
        uint32_t page = port.value / ports_per_page;
        std::atomic<Directory*>& directory = directories_[page / pages_per_directory];
        if (!directory.load(std::memory_order_relaxed)) {
            void* memory = page_source_.take_page();
            if (!memory) return Error::no_memory;
            directory.store(static_cast<Directory*>(memory), std::memory_order_release);
        }
        slot = &directory.load(std::memory_order_relaxed)->pages[page % pages_per_directory];
    }
    auto* channels = static_cast<EventChannel*>(page_source_.take_page());
    if (!channels) return Error::no_memory;
    if (port.value < ports_per_page) channels[0].state = PortState::reserved; // port 0 means "none" everywhere
    slot->store(channels, std::memory_order_release);
    return success;
}

// The lowest free port, still free. The table's lock is held; the caller binds it before it lets go.
Result<EvtPort> EventTable::allocate_port() {
    if (is_dying()) return Error::invalid;
    uint32_t limit = std::min(max_port_ + 1, port_limit());
    bool all_below_taken = true;
    for (uint32_t number = lowest_free_; number < limit; ++number) {
        EvtPort port(number);
        TRY_STATUS(ensure_memory(port));
        bool is_free = find(port)->state == PortState::free;
        // The guest may not have taken an old event of this port off its queue yet: then it waits for reuse.
        if (is_free && !is_busy(port)) {
            if (all_below_taken) lowest_free_ = number;
            return port;
        }
        if (is_free && all_below_taken) {
            lowest_free_ = number;
            all_below_taken = false;
        }
    }
    if (all_below_taken) lowest_free_ = std::max(lowest_free_, limit);
    return Error::no_space;
}

// The table's lock and the port's are held.
void EventTable::bind(EventChannel& channel, PortState state, VcpuId vcpu, uint32_t number) {
    channel.priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
    channel.consumer = 0;
    channel.pending_without_page = false;
    channel.peer = nullptr;
    channel.number = number;
    channel.vcpu.store(static_cast<uint16_t>(vcpu.value), std::memory_order_relaxed);
    channel.state = state;
    ++bound_ports_;
}

// A fresh port bound so. The table's lock is held.
Result<EvtPort> EventTable::allocate_bound(PortState state, VcpuId vcpu, uint32_t number) {
    EvtPort port = TRY(allocate_port());
    EventChannel& channel = *find(port);
    Holding held(channel.lock);
    bind(channel, state, vcpu, number);
    return port;
}

Result<EvtPort> EventTable::alloc_unbound(DomId remote) {
    Holding held(lock_);
    return allocate_bound(PortState::unbound, VcpuId(0), remote.value);
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

bool EventTable::is_global_virq(uint32_t virq) {
    return virq != VIRQ_TIMER && virq != VIRQ_DEBUG && virq != VIRQ_XENOPROF && virq != VIRQ_XENPMU;
}

Result<EvtPort> EventTable::bind_virq(uint32_t virq, VcpuId id) {
    if (virq >= EventVcpu::virqs || (is_global_virq(virq) && id.value != 0)) return Error::invalid;
    EventVcpu* target = vcpu(id);
    if (!target) return Error::not_found;
    Holding held(lock_);
    if (target->virq_ports[virq].load(std::memory_order_relaxed) != 0) return Error::exists;
    EvtPort port = TRY(allocate_bound(PortState::virq, id, virq));
    target->virq_ports[virq].store(port.value, std::memory_order_release);
    return port;
}

Result<EvtPort> EventTable::bind_ipi(VcpuId id) {
    if (!vcpu(id)) return Error::not_found;
    Holding held(lock_);
    return allocate_bound(PortState::ipi, id, 0);
}

Result<EvtPort> EventTable::bind_pirq(uint32_t pirq, uint32_t flags) {
    Holding held(lock_);
    EvtPort port = TRY(allocate_bound(PortState::pirq, VcpuId(0), pirq));
    Status routed = pirqs_.bind(pirq, flags & BIND_PIRQ__WILL_SHARE, port);
    if (!routed.ok()) {
        EventChannel& channel = *find(port);
        Holding port_held(channel.lock);
        unbind(channel, port);
        return routed.error();
    }
    return port;
}

Result<PortStatus> EventTable::status(EvtPort port) {
    Holding held(lock_);
    EventChannel* channel = find(port);
    if (!channel) return Error::invalid;
    if (channel->consumer) return Error::access_denied;
    DomId domain(channel->state == PortState::interdomain ? channel->peer->owner_.value
                                                          : static_cast<uint16_t>(channel->number));
    return PortStatus{channel->state, VcpuId(channel->vcpu.load(std::memory_order_relaxed)), domain, channel->number};
}

Status EventTable::bind_vcpu(EvtPort port, VcpuId id) {
    if (!vcpu(id)) return Error::not_found;
    Holding held(lock_);
    EventChannel* channel = find(port);
    if (!channel || channel->consumer) return Error::invalid;
    bool movable = channel->state == PortState::unbound || channel->state == PortState::interdomain ||
                   channel->state == PortState::pirq ||
                   (channel->state == PortState::virq && is_global_virq(channel->number));
    if (!movable) return Error::invalid;
    channel->vcpu.store(static_cast<uint16_t>(id.value), std::memory_order_relaxed);
    if (channel->state == PortState::pirq) pirqs_.set_vcpu(channel->number, id);
    return success;
}

Result<EvtPort> EventTable::alloc_unbound_attached(DomId remote, VcpuId id, EventConsumer& consumer) {
    Holding held(lock_);
    unsigned index = 0;
    while (index < max_consumers && consumers_[index] && consumers_[index] != &consumer) ++index;
    if (index == max_consumers) return Error::no_space;
    consumers_[index] = &consumer;
    EvtPort port = TRY(allocate_port());
    EventChannel& channel = *find(port);
    Holding port_held(channel.lock);
    bind(channel, PortState::unbound, id, remote.value);
    channel.consumer = static_cast<uint8_t>(index + 1);
    return port;
}

} // namespace skerry
