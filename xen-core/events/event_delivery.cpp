// SPDX-License-Identifier: MIT
// How an event gets from its sender to the guest's flags: sending, unmasking, and the two-level ABI.
#include "events/event_table.h"

namespace skerry {

constexpr unsigned bits_per_word = 64;
static_assert(sizeof(shared_info::evtchn_pending[0]) * 8 == bits_per_word);
static_assert(sizeof(shared_info::evtchn_pending) / sizeof(shared_info::evtchn_pending[0]) == bits_per_word);

// Each compiles to one locked bit operation: no loop in which a guest that flips bits could hold us up.
static bool test_and_set(unsigned long& word, unsigned bit) {
    unsigned long mask = 1ul << bit;
    return (std::atomic_ref(word).fetch_or(mask, std::memory_order_seq_cst) & mask) != 0;
}
static bool test_and_clear(unsigned long& word, unsigned bit) {
    unsigned long mask = 1ul << bit;
    return (std::atomic_ref(word).fetch_and(~mask, std::memory_order_seq_cst) & mask) != 0;
}
static bool test(unsigned long& word, unsigned bit) {
    return std::atomic_ref(word).load(std::memory_order_seq_cst) >> bit & 1;
}

void EventTable::set_pending_two_level(EventChannel& channel, EvtPort port) {
    shared_info* shared = shared_info_.load(std::memory_order_acquire);
    if (UNLIKELY(!shared)) return;
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

// Flat: every call on the way would cost a tenth of it.
[[gnu::flatten]] Status EventTable::send(EvtPort port) {
    EventChannel* channel = find(port);
    if (UNLIKELY(!channel)) return Error::invalid;
    Holding held(channel->lock);
    EventTable* table = this;
    EventChannel* target = channel;
    if (LIKELY(channel->state == PortState::interdomain)) {
        table = channel->peer;
        port = EvtPort(channel->number);
        target = &table->bound(port);
    } else if (channel->state != PortState::ipi) {
        return success_if(channel->state == PortState::unbound, Error::invalid);
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

} // namespace skerry
