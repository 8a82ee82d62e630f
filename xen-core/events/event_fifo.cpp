// SPDX-License-Identifier: MIT
// The FIFO ABI. An event word per port lives in the guest's event array; pending words form linked lists, one per vCPU
// and priority, whose heads the guest reads from the vCPU's control block. The guest consumes concurrently and may
// write anything anywhere: each access here is one atomic operation, each retry is counted, and the only port numbers
// trusted are our own tails.
#include "events/event_table.h"

namespace skerry {

constexpr event_word_t pending_bit = 1u << EVTCHN_FIFO_PENDING;
constexpr event_word_t masked_bit = 1u << EVTCHN_FIFO_MASKED;
constexpr event_word_t linked_bit = 1u << EVTCHN_FIFO_LINKED;
constexpr event_word_t busy_bit = 1u << EVTCHN_FIFO_BUSY;
constexpr event_word_t link_mask = EVTCHN_FIFO_LINK_MASK;

// A guest that keeps changing an event's queue, or a tail's word, under us loses that event's delivery.
constexpr unsigned queue_attempts = 8;
constexpr unsigned link_attempts = 4;

static_assert(EVTCHN_FIFO_MAX_QUEUES == 16 && EventTable::max_vcpus <= 1 << 12, "a queue is named by 16 bits");

void EventTable::set_pending_fifo(EventChannel& channel, EvtPort port) {
    EventWord* word = event_word(port);
    if (UNLIKELY(!word)) {
        // expand_array raises it. It publishes the page, then looks at the flag; we the other way round.
        channel.pending_without_page.store(true, std::memory_order_seq_cst);
        std::atomic_thread_fence(std::memory_order_seq_cst);
        word = event_word(port);
        if (!word) return;
    }
    for (unsigned attempt = 0; attempt < queue_attempts; ++attempt)
        if (LIKELY(queue_event(channel, port, *word))) return;
    word->fetch_or(pending_bit, std::memory_order_seq_cst);
    (void)refuse(Error::try_again, owner_, "event port %u: its queue changes faster than it can be locked", port.value);
}

// Under the locks of the queue it was last on and of the one it belongs on. False: they changed meanwhile.
bool EventTable::queue_event(EventChannel& channel, EvtPort port, EventWord& word) {
    uint16_t last = channel.last_queue.load(std::memory_order_relaxed);
    VcpuId id(channel.vcpu.load(std::memory_order_relaxed));
    auto queue = static_cast<uint16_t>(id.value << 4 | channel.priority.load(std::memory_order_relaxed));
    EventVcpu* old_target = vcpu(VcpuId(last >> 4u));
    EventVcpu& target = *vcpu(id);
    if (!old_target) old_target = &target;
    HoldingBoth held(old_target->queues_lock, target.queues_lock);
    if (channel.last_queue.load(std::memory_order_relaxed) != last ||
        channel.vcpu.load(std::memory_order_relaxed) != id.value)
        return false;
    word.fetch_or(pending_bit, std::memory_order_seq_cst);
    // Before it has a control block the guest cannot look: the event is lost, as the ABI says.
    bool link = target.control_block.load(std::memory_order_acquire) &&
                !(word.load(std::memory_order_seq_cst) & (masked_bit | linked_bit));
    if (link) {
        if (old_target->tails[last & 15] == port.value) old_target->tails[last & 15] = 0; // the guest took it off
        channel.last_queue.store(queue, std::memory_order_relaxed);
        link_event(target, queue, port, word);
    }
    notify_pollers(port);
    return true;
}

void EventTable::link_event(EventVcpu& target, uint16_t queue, EvtPort port, EventWord& word) {
    if ((word.fetch_or(linked_bit, std::memory_order_seq_cst) & linked_bit) != 0)
        return; // the guest set it: then it is on no queue of ours
    unsigned priority = queue & 15;
    evtchn_fifo_control_block& control = *target.control_block.load(std::memory_order_relaxed);
    uint32_t tail = target.tails[priority];
    bool linked = tail != 0 && set_link(EvtPort(tail), port);
    if (!linked) std::atomic_ref(control.head[priority]).store(port.value, std::memory_order_release);
    target.tails[priority] = port.value;
    uint32_t ready_bit = 1u << priority;
    if (linked || (std::atomic_ref(control.ready).fetch_or(ready_bit, std::memory_order_seq_cst) & ready_bit) != 0)
        return;
    vcpu_info* info = target.info.load(std::memory_order_acquire);
    if (info && std::atomic_ref(info->evtchn_upcall_pending).exchange(1, std::memory_order_seq_cst) == 0)
        host_.deliver(VcpuId(queue >> 4u));
}

// Makes `port` the successor of `tail`, unless the guest has taken `tail` off the queue: false, the queue is empty.
bool EventTable::set_link(EvtPort tail, EvtPort port) {
    EventWord* word = event_word(tail);
    if (!word) return false;
    for (unsigned attempt = 0; attempt <= link_attempts; ++attempt) {
        event_word_t seen = word->load(std::memory_order_relaxed);
        if (!(seen & linked_bit)) {
            if (attempt) word->fetch_and(~busy_bit, std::memory_order_seq_cst);
            return false;
        }
        event_word_t wanted = (seen & ~(busy_bit | link_mask)) | port.value;
        if (LIKELY(word->compare_exchange_strong(seen, wanted, std::memory_order_seq_cst))) return true;
        // The guest masks or unmasks it right now; BUSY asks it to hold still.
        if (!attempt) word->fetch_or(busy_bit, std::memory_order_seq_cst);
    }
    word->fetch_and(~busy_bit, std::memory_order_seq_cst);
    (void)refuse(Error::try_again, owner_, "event port %u: the guest ignores BUSY", tail.value);
    return true; // as if linked: its queue is its own to break
}

Status EventTable::init_control(uint64_t guest_frame, uint32_t offset, VcpuId id) {
    EventVcpu* event_vcpu = vcpu(id);
    if (!event_vcpu) return Error::not_found;
    if (offset > page_size - sizeof(evtchn_fifo_control_block) || offset % 8 != 0) return Error::invalid;
    Holding held(lock_);
    if (is_dying()) return Error::invalid;
    if (event_vcpu->control_page) return Error::invalid;
    char* page = static_cast<char*>(TRY(host_.map(guest_frame)));
    event_vcpu->control_page = page;
    event_vcpu->control_block.store(reinterpret_cast<evtchn_fifo_control_block*>(page + offset),
                                    std::memory_order_release);
    if (!uses_fifo()) start_fifo();
    return success;
}

// The ports bound so far keep their pending events for when their words exist.
void EventTable::start_fifo() {
    uint32_t limit = max_port_ < two_level_ports ? max_port_ + 1 : two_level_ports;
    for (uint32_t number = 1; number < limit; ++number) {
        EventChannel* channel = find(EvtPort(number));
        if (!channel) break;
        if (channel->state == PortState::free) continue;
        channel->pending_without_page.store(two_level_flag(EvtPort(number), &shared_info::evtchn_pending),
                                            std::memory_order_relaxed);
    }
    fifo_.store(true, std::memory_order_release);
    if (lowest_free_ > limit) lowest_free_ = limit;
}

Status EventTable::expand_array(uint64_t guest_frame) {
    Holding held(lock_);
    if (!uses_fifo()) return Error::not_supported;
    if (is_dying()) return Error::invalid;
    if (event_page_count_ == event_pages) return Error::no_space;
    auto* page = static_cast<EventWord*>(TRY(host_.map(guest_frame)));
    uint32_t first = event_page_count_ * words_per_page;
    event_pages_[event_page_count_].store(page, std::memory_order_seq_cst);
    ++event_page_count_;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    for (uint32_t number = first; number < first + words_per_page; ++number) {
        EvtPort port(number);
        EventChannel* channel = find(port);
        if (!channel) break;
        if (!channel->pending_without_page.load(std::memory_order_seq_cst)) continue;
        Holding port_held(channel->lock);
        channel->pending_without_page.store(false, std::memory_order_relaxed);
        if (channel->state != PortState::free) set_pending_fifo(*channel, port);
    }
    return success;
}

// Back to two-level. The table's lock is held, no port is bound: nobody is or comes into this file's delivery.
void EventTable::drop_fifo() {
    fifo_.store(false, std::memory_order_release);
    for (auto& slot : vcpus_) {
        EventVcpu* event_vcpu = slot.load(std::memory_order_relaxed);
        if (!event_vcpu || !event_vcpu->control_page) continue;
        event_vcpu->control_block.store(nullptr, std::memory_order_relaxed);
        host_.unmap(event_vcpu->control_page);
        event_vcpu->control_page = nullptr;
        for (uint32_t& tail : event_vcpu->tails) tail = 0;
    }
    for (; event_page_count_ != 0; --event_page_count_) {
        EventWord* page = event_pages_[event_page_count_ - 1].exchange(nullptr, std::memory_order_relaxed);
        host_.unmap(page);
    }
    lowest_free_ = 1;
}

} // namespace skerry
