// SPDX-License-Identifier: MIT
// Two-level event channels. Events stay masked at the vCPU except while it blocks (arch/x86_64/entry.S), so pending
// bits are looked at here only.
#include "internal.h"

#include <new>

extern "C" {
std::uint64_t minios_events_set_aside = 0;
}

namespace minios::events {

namespace {

constexpr unsigned bits_per_word = 64, words = 64, port_count = bits_per_word * words;
static_assert(sizeof(minios_shared_info.evtchn_pending) * 8 == port_count);

struct Channel {
    Handler handler = nullptr;
    void* context = nullptr;
    WaitQueue* waiters = nullptr; ///< made by the first wait()
    bool fired = false;           ///< an event nobody has taken yet
};

constexpr unsigned channels_per_piece = 64;
Channel first_piece[channels_per_piece];
Channel* pieces[port_count / channels_per_piece] = {first_piece};
Channel unknown;

Channel* make_piece() {
    auto* piece = static_cast<Channel*>(heap::allocate(sizeof(Channel) * channels_per_piece));
    for (unsigned i = 0; piece != nullptr && i < channels_per_piece; ++i) new (&piece[i]) Channel;
    return piece;
}

/// The channel of a port; the shared `unknown` when its piece cannot be had (its events are then dropped).
Channel& channel(Port port) {
    MINIOS_ASSERT(port.value < port_count);
    Channel*& piece = pieces[port.value / channels_per_piece];
    if (piece == nullptr) piece = make_piece();
    return piece != nullptr ? piece[port.value % channels_per_piece] : unknown;
}

std::uint64_t* pending_word(unsigned word) {
    return reinterpret_cast<std::uint64_t*>(&minios_shared_info.evtchn_pending[word]);
}
std::uint64_t* mask_word(unsigned word) {
    return reinterpret_cast<std::uint64_t*>(&minios_shared_info.evtchn_mask[word]);
}

void deliver(Port port) {
    Channel& c = channel(port);
    if (c.handler != nullptr) {
        c.handler(port, c.context);
        return;
    }
    c.fired = true;
    if (c.waiters != nullptr) c.waiters->wake_all();
}

} // namespace

Result<Port> allocate_unbound(DomId remote, DomId owner) {
    evtchn_alloc_unbound_t operation{};
    operation.dom = owner.value;
    operation.remote_dom = remote.value;
    if (const long result = hypercall::event_channel_op(EVTCHNOP_alloc_unbound, &operation); result < 0)
        return error_of(result);
    return Port{operation.port};
}

Result<Port> bind_interdomain(DomId remote, Port remote_port) {
    evtchn_bind_interdomain_t operation{};
    operation.remote_dom = remote.value;
    operation.remote_port = remote_port.value;
    if (const long result = hypercall::event_channel_op(EVTCHNOP_bind_interdomain, &operation); result < 0)
        return error_of(result);
    return Port{operation.local_port};
}

Result<Port> bind_virtual_irq(unsigned virq) {
    evtchn_bind_virq_t operation{};
    operation.virq = virq;
    if (const long result = hypercall::event_channel_op(EVTCHNOP_bind_virq, &operation); result < 0)
        return error_of(result);
    return Port{operation.port};
}

Result<Port> bind_physical_irq(unsigned pirq, bool shareable) {
    evtchn_bind_pirq_t operation{};
    operation.pirq = pirq;
    operation.flags = shareable ? BIND_PIRQ__WILL_SHARE : 0;
    if (const long result = hypercall::event_channel_op(EVTCHNOP_bind_pirq, &operation); result < 0)
        return error_of(result);
    return Port{operation.port};
}

Result<void> eoi(unsigned pirq) {
    physdev_eoi operation{};
    operation.irq = pirq;
    return result_of(hypercall::physdev_op(PHYSDEVOP_eoi, &operation));
}

void close(Port port) {
    mask(port);
    evtchn_close_t operation{};
    operation.port = port.value;
    (void)hypercall::event_channel_op(EVTCHNOP_close, &operation);
    Channel& c = channel(port);
    c.handler = nullptr;
    c.fired = false;
    if (c.waiters != nullptr) c.waiters->wake_all();
}

void set_handler(Port port, Handler handler, void* context) {
    Channel& c = channel(port);
    c.handler = handler;
    c.context = context;
    if (handler != nullptr && c.fired) {
        c.fired = false;
        handler(port, context);
    }
    unmask(port);
}

void mask(Port port) {
    MINIOS_ASSERT(port.value < port_count);
    __atomic_fetch_or(mask_word(port.value / bits_per_word), 1ull << (port.value % bits_per_word), __ATOMIC_SEQ_CST);
}

void unmask(Port port) {
    MINIOS_ASSERT(port.value < port_count);
    const unsigned word = port.value / bits_per_word;
    const std::uint64_t bit = 1ull << (port.value % bits_per_word);
    __atomic_fetch_and(mask_word(word), ~bit, __ATOMIC_SEQ_CST);
    // An event that came while masked left its pending bit but did not set the selector.
    if ((__atomic_load_n(pending_word(word), __ATOMIC_SEQ_CST) & bit) != 0) {
        vcpu_info_t& vcpu = minios_shared_info.vcpu_info[0];
        __atomic_fetch_or(reinterpret_cast<std::uint64_t*>(&vcpu.evtchn_pending_sel), 1ull << word, __ATOMIC_SEQ_CST);
        __atomic_store_n(&vcpu.evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
    }
}

Result<void> notify(Port port) {
    evtchn_send_t operation{};
    operation.port = port.value;
    return result_of(hypercall::event_channel_op(EVTCHNOP_send, &operation));
}

bool wait(Port port, std::uint64_t deadline_ns) {
    Channel& c = channel(port);
    if (c.waiters == nullptr) c.waiters = heap::make<WaitQueue>();
    if (c.waiters == nullptr || c.handler != nullptr) return false;
    unmask(port);
    while (!c.fired)
        if (!c.waiters->wait(deadline_ns)) return false;
    c.fired = false;
    return true;
}

void dispatch() {
    vcpu_info_t& vcpu = minios_shared_info.vcpu_info[0];
    if (__atomic_load_n(&vcpu.evtchn_upcall_pending, __ATOMIC_ACQUIRE) == 0 &&
        __atomic_load_n(&minios_events_set_aside, __ATOMIC_ACQUIRE) == 0)
        return;
    __atomic_store_n(&vcpu.evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
    std::uint64_t selected =
        __atomic_exchange_n(reinterpret_cast<std::uint64_t*>(&vcpu.evtchn_pending_sel), 0, __ATOMIC_SEQ_CST) |
        __atomic_exchange_n(&minios_events_set_aside, 0, __ATOMIC_SEQ_CST);
    for (; selected != 0; selected &= selected - 1) {
        const unsigned word = static_cast<unsigned>(__builtin_ctzll(selected));
        std::uint64_t ready =
            __atomic_load_n(pending_word(word), __ATOMIC_SEQ_CST) & ~__atomic_load_n(mask_word(word), __ATOMIC_SEQ_CST);
        for (; ready != 0; ready &= ready - 1) {
            const unsigned bit = static_cast<unsigned>(__builtin_ctzll(ready));
            __atomic_fetch_and(pending_word(word), ~(1ull << bit), __ATOMIC_SEQ_CST);
            deliver(Port{word * bits_per_word + bit});
        }
    }
}

} // namespace minios::events

namespace minios {

/// Every port starts masked: nobody has asked for one.
void events_start() {
    for (unsigned long& word : minios_shared_info.evtchn_mask) word = ~0ul;
    // The periodic tick that a vCPU starts with would wake the domain for nothing.
    (void)hypercall::vcpu_op(VCPUOP_stop_periodic_timer, 0, nullptr);
}

} // namespace minios
