// SPDX-License-Identifier: MIT
// How an event gets from its sender to the guest's flags: sending, unmasking, and the two-level ABI.
#include "events/event_table.h"

namespace skerry {

namespace {

constexpr unsigned bits_per_word = 64;
static_assert(sizeof(shared_info::evtchn_pending[0]) * 8 == bits_per_word);
static_assert(sizeof(shared_info::evtchn_pending) / sizeof(shared_info::evtchn_pending[0]) == bits_per_word);

// Each compiles to one locked bit operation: no loop in which a guest that flips bits could hold us up.
bool test_and_set(unsigned long& word, unsigned bit) {
    unsigned long mask = 1ul << bit;
    return (std::atomic_ref(word).fetch_or(mask, std::memory_order_seq_cst) & mask) != 0;
}
bool test_and_clear(unsigned long& word, unsigned bit) {
    unsigned long mask = 1ul << bit;
    return (std::atomic_ref(word).fetch_and(~mask, std::memory_order_seq_cst) & mask) != 0;
}
bool test(unsigned long& word, unsigned bit) {
    return std::atomic_ref(word).load(std::memory_order_seq_cst) >> bit & 1;
}

} // namespace

void EventTable::set_pending_two_level(EventChannel& channel, EvtPort port) {
    shared_info* shared = shared_info_.load(std::memory_order_acquire);
    if (!shared) [[unlikely]]
        return;
    // A port that is bound while this ABI is in force is below two_level_ports: allocation sees to it, and the way back
    // from FIFO needs every port closed.
    unsigned index = port.value / bits_per_word % bits_per_word, bit = port.value % bits_per_word;
    if (!test_and_set(shared->evtchn_pending[index], bit)) {
        if (!test(shared->evtchn_mask[index], bit)) select(channel, port);
        notify_pollers(port);
    }
}

// Two-level: `port` is pending and not masked.
void EventTable::select(EventChannel& channel, EvtPort port) {
    VcpuId id(channel.vcpu.load(std::memory_order_relaxed));
    vcpu_info* info = vcpus_[id.value].load(std::memory_order_relaxed)->info.load(std::memory_order_acquire);
    if (info && !test_and_set(info->evtchn_pending_sel, port.value / bits_per_word % bits_per_word) &&
        std::atomic_ref(info->evtchn_upcall_pending).exchange(1, std::memory_order_seq_cst) == 0)
        host_.deliver(id);
}

void EventTable::set_pending(EventChannel& channel, EvtPort port) {
    if (uses_fifo())
        set_pending_fifo(channel, port);
    else
        set_pending_two_level(channel, port);
}

// Flat: every call on the way would cost a tenth of it.
[[gnu::flatten]] Status EventTable::send(EvtPort port) {
    EventChannel* channel = find(port);
    if (!channel) [[unlikely]]
        return Error::invalid;
    Holding held(channel->lock);
    EventTable* table = this;
    EventChannel* target = channel;
    if (channel->state == PortState::interdomain) [[likely]] {
        table = channel->peer;
        port = EvtPort(channel->number);
        target = &table->bound(port);
    } else if (channel->state != PortState::ipi) {
        return channel->state == PortState::unbound ? success : Status(Error::invalid);
    }
    table->set_pending(*target, port);
    return success;
}

// What xen-core itself sends may be late: the port may have been closed, bound to something else, or be gone with its
// table.
void EventTable::send_if(PortState state, EvtPort port, uint32_t number) {
    users_.fetch_add(1, std::memory_order_seq_cst);
    EventChannel* channel = closed_.load(std::memory_order_seq_cst) ? nullptr : find(port);
    if (channel) {
        Holding held(channel->lock);
        if (channel->state == state && channel->number == number) set_pending(*channel, port);
    }
    users_.fetch_sub(1, std::memory_order_release);
}

void EventTable::send_virq(VcpuId id, uint32_t virq) {
    EventVcpu* target = virq < EventVcpu::virqs ? vcpu(id) : nullptr;
    uint32_t port = target ? target->virq_ports[virq].load(std::memory_order_acquire) : 0;
    if (port) send_if(PortState::virq, EvtPort(port), virq);
}

Status EventTable::unmask(EvtPort port) {
    EventChannel* channel = find(port);
    if (!channel) return Error::invalid;
    Holding held(channel->lock);
    if (uses_fifo()) {
        // The event pages are held by the ports that are bound.
        EventWord* word = channel->state == PortState::free ? nullptr : event_word(port);
        if (!word) return success;
        word->fetch_and(~(1u << EVTCHN_FIFO_MASKED), std::memory_order_seq_cst);
        if (word->load(std::memory_order_seq_cst) & 1u << EVTCHN_FIFO_PENDING) set_pending_fifo(*channel, port);
        return success;
    }
    shared_info* shared = shared_info_.load(std::memory_order_acquire);
    if (!shared || port.value >= two_level_ports || !vcpu(VcpuId(channel->vcpu.load(std::memory_order_relaxed))))
        return success;
    unsigned index = port.value / bits_per_word, bit = port.value % bits_per_word;
    if (test_and_clear(shared->evtchn_mask[index], bit) && test(shared->evtchn_pending[index], bit))
        select(*channel, port);
    return success;
}

bool EventTable::is_pending(EvtPort port) { return flag(port, &shared_info::evtchn_pending, EVTCHN_FIFO_PENDING); }
bool EventTable::is_masked(EvtPort port) { return flag(port, &shared_info::evtchn_mask, EVTCHN_FIFO_MASKED); }

bool EventTable::flag(EvtPort port, TwoLevelBits bits, unsigned fifo_bit) {
    if (!uses_fifo()) return two_level_flag(port, bits);
    Holding held(lock_); // keeps the event pages where they are
    EventWord* word = port.value < fifo_ports ? event_word(port) : nullptr;
    return word && word->load(std::memory_order_seq_cst) >> fifo_bit & 1;
}

bool EventTable::two_level_flag(EvtPort port, TwoLevelBits bits) const {
    shared_info* shared = shared_info_.load(std::memory_order_acquire);
    return shared && port.value < two_level_ports &&
           test((shared->*bits)[port.value / bits_per_word], port.value % bits_per_word);
}

// A port that is closed takes its pending event with it. The table's lock is held.
void EventTable::clear_pending(EvtPort port) {
    shared_info* shared = shared_info_.load(std::memory_order_acquire);
    EventWord* word = uses_fifo() ? event_word(port) : nullptr;
    if (word)
        word->fetch_and(~(1u << EVTCHN_FIFO_PENDING), std::memory_order_relaxed);
    else if (!uses_fifo() && shared && port.value < two_level_ports)
        (void)test_and_clear(shared->evtchn_pending[port.value / bits_per_word], port.value % bits_per_word);
}

void EventTable::set_vcpu_info(VcpuId id, vcpu_info* info) {
    EventVcpu& event_vcpu = *vcpu(id);
    bool moved = event_vcpu.info.exchange(info, std::memory_order_seq_cst) || id.value >= XEN_LEGACY_MAX_VCPUS;
    if (!info || !moved) return;
    // What was set at the old place while the guest copied is lost: let it look at every word once.
    std::atomic_ref(info->evtchn_pending_sel).store(~0ul, std::memory_order_seq_cst);
    std::atomic_ref(info->evtchn_upcall_pending).store(1, std::memory_order_seq_cst);
    host_.deliver(id);
}

constinit GlobalVirqs global_virqs;

Status GlobalVirqs::set_handler(uint32_t virq, EventTable* table) {
    if (virq >= EventVcpu::virqs || !EventTable::is_global_virq(virq)) return Error::invalid;
    Holding held(lock_);
    if (table && table->is_dying()) return Error::invalid;
    handlers_[virq] = table;
    return success;
}

void GlobalVirqs::set_default(EventTable* table) {
    Holding held(lock_);
    default_ = table;
}

void GlobalVirqs::forget(EventTable& table) {
    Holding held(lock_);
    for (EventTable*& handler : handlers_)
        if (handler == &table) handler = nullptr;
    if (default_ == &table) default_ = nullptr;
}

void GlobalVirqs::send(uint32_t virq) {
    if (virq >= EventVcpu::virqs) return;
    Holding held(lock_);
    if (EventTable* table = handlers_[virq] ? handlers_[virq] : default_) table->send_virq(VcpuId(0), virq);
}

} // namespace skerry
