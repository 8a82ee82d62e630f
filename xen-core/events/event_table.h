// SPDX-License-Identifier: MIT
// The event channels of one domain: its ports, and how an event reaches the guest (two-level bitmaps or FIFO queues).
//
// Invariants and locks.
//
// lock_ (LockRank::event_table) guards which port is bound to what. An operation on two domains holds both, in address
// order.
//
// A port's binding changes only under the table's lock and the port's own lock, and for an interdomain link under both
// tables' and both ports' locks. So whoever holds the lock of one end holds the whole link still: the peer's port stays
// bound, and the peer's table and its guest pages stay alive, since tearing down begins with closing every port. Hence
// send takes one lock only, that of the sender's own port; sends on different ports never meet.
//
// users_ counts those who are about to look at this table without its lock or a link to it: senders of virtual and
// physical interrupts, and closers of the other end that had to let go of their own lock. tear_down frees nothing under
// them. The domain keeps its vCPUs, shared_info and this table until tear_down has succeeded, and its vCPUs must have
// stopped before.
//
// Event words, bitmaps and control blocks are the guest's memory: only single atomic accesses, every value read is
// bounded or ignored, every retry counted. A guest can garble its own notifications only.
//
// Port memory is pages from the EventHost, taken as ports are used, freed by tear_down.
//
// Authority is the caller's business: operations that name another domain get that domain's table. Any CPU may call.
// Errors are named after what Xen returns (see base/result.h). ABI: <xen/event_channel.h>.
#pragma once

#include "base/lock.h"
#include "base/log.h"

#include <xen/event_channel.h>
#include <xen/xen.h>

namespace skerry {

// What event channels need from the rest of xen-core, as narrow as it can be. The domain implements it; tests fake it.
class EventHost {
  public:
    // Called with a port's lock (LockRank::event_port) and perhaps an event queue's held: may take locks of higher rank
    // only.
    // evtchn_upcall_pending of `vcpu` went from 0 to 1: if it is blocked, wake it; if it runs on another CPU, interrupt
    // it; if it is the caller, nothing (the exit path looks).
    virtual void deliver(VcpuId vcpu) = 0;
    // `port` became pending while some vCPU polls (EventTable::begin_poll): wake those that poll for it.
    virtual void wake_pollers(EvtPort port) = 0;

    // All below: called with the table's lock held.
    // A page for the port table, zeroed, charged to the domain. Null: the account's limit, or no memory.
    virtual void* take_page() = 0;
    virtual void return_page(void* page) = 0;
    // The guest's frames that FIFO control blocks and event arrays live in: takes a writable reference to the guest's
    // frame and returns where xen-core sees it; Error::invalid if the frame is not the domain's or not usable as
    // writable memory, no_memory.
    virtual Result<void*> map(uint64_t guest_frame) = 0;
    virtual void unmap(void* page) = 0; // the pointer that map returned

    // Physical interrupts as the domain may use them. Routes `pirq` to `port`: interrupts arrive through
    // EventTable::send_pirq(port, pirq). not_permitted: no right to it; exists: bound already in this domain; invalid:
    // no such interrupt; busy: in use by another.
    virtual Status bind_pirq(uint32_t pirq, EvtPort port) = 0;
    virtual void unbind_pirq(uint32_t pirq) = 0;
    virtual void aim_pirq(uint32_t pirq, VcpuId vcpu) = 0; // a hint where to deliver

  protected:
    ~EventHost() = default;
};

class EventTable;

// As EVTCHNOP_status tells it; a reserved port is closed to the guest.
enum class PortState : uint8_t {
    free = EVTCHNSTAT_closed,
    unbound = EVTCHNSTAT_unbound,
    interdomain = EVTCHNSTAT_interdomain,
    pirq = EVTCHNSTAT_pirq,
    virq = EVTCHNSTAT_virq,
    ipi = EVTCHNSTAT_ipi,
    reserved,
};

// Zeroed memory is a free port. `lock` guards the rest; the fields that name a binding (state, peer, number) change
// only while the table's lock is held too, so either lock suffices to read them.
struct EventChannel {
    Lock<LockRank::event_port> lock;
    PortState state;
    std::atomic<uint8_t> priority;          // FIFO: of the next queueing
    std::atomic<bool> pending_without_page; // FIFO: set pending before its event word existed
    std::atomic<uint16_t> vcpu;             // whom to notify
    std::atomic<uint16_t> last_queue;       // FIFO: vCPU << 4 | priority of the queue it was last put on
    EventTable* peer;                       // interdomain: the other end's table (perhaps our own)
    uint32_t number; // interdomain: the peer's port; unbound: the domain that may bind; pirq, virq: which
};
static_assert(sizeof(EventChannel) == 32, "128 ports a page");

// The event side of one vCPU. Embedded in Vcpu and attached to the table; must outlive it or be detached.
struct EventVcpu : NonCopyable {
    static constexpr unsigned virqs = NR_VIRQS;

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

class EventTable : NonCopyable {
  public:
    static constexpr uint32_t two_level_ports = 4096;
    static constexpr uint32_t fifo_ports = EVTCHN_FIFO_NR_CHANNELS;
    static constexpr unsigned max_vcpus = 256;

    // max_port: highest port number the domain may use (xen_domctl_createdomain.max_evtchn_port), at most fifo_ports
    // - 1.
    EventTable(DomId owner, uint32_t max_port, EventHost& host);

    DomId owner() const { return owner_; }
    // The domain's shared_info, once it exists; null again before its frame goes away (after tear_down).
    void set_shared_info(shared_info* info) { shared_info_.store(info, std::memory_order_release); }
    // `id` must be below max_vcpus and not attached.
    void attach_vcpu(VcpuId id, EventVcpu& event_vcpu) {
        ASSERT(id.value < max_vcpus && !vcpu(id));
        vcpus_[id.value].store(&event_vcpu, std::memory_order_release);
    }
    // The vCPU's flags live at `info` from now on (start, VCPUOP_register_vcpu_info). Marks everything pending, so that
    // nothing is lost.
    void set_vcpu_info(VcpuId vcpu, vcpu_info* info);

    // --- EVTCHNOP_*, on behalf of this domain. Ports returned are fresh, lowest first, never 0.
    // All that allocate: no_space (table full), no_memory, invalid (the domain is dying).
    Result<EvtPort> alloc_unbound(DomId remote) {
        Holding held(lock_);
        return allocate_bound(PortState::unbound, VcpuId(0), remote.value);
    }
    // invalid: remote_port is not unbound and waiting for this domain. The new local port starts pending, as the ABI
    // says.
    Result<EvtPort> bind_interdomain(EventTable& remote, EvtPort remote_port);
    // invalid: no such virq, or a global one not on vCPU 0; not_found: no such vCPU; exists: bound already.
    Result<EvtPort> bind_virq(uint32_t virq, VcpuId id) {
        if (virq >= EventVcpu::virqs || (is_global_virq(virq) && id.value != 0)) return Error::invalid;
        EventVcpu* target = vcpu(id);
        if (!target) return Error::not_found;
        Holding held(lock_);
        if (target->virq_ports[virq].load(std::memory_order_relaxed) != 0) return Error::exists;
        EvtPort port = TRY(allocate_bound(PortState::virq, id, virq));
        target->virq_ports[virq].store(port.value, std::memory_order_release);
        return port;
    }
    Result<EvtPort> bind_ipi(VcpuId id) {
        if (!vcpu(id)) return Error::not_found;
        Holding held(lock_);
        return allocate_bound(PortState::ipi, id, 0);
    }
    Result<EvtPort> bind_pirq(uint32_t pirq); // for itself alone, whatever BIND_PIRQ__WILL_SHARE says
    // invalid: not a bound port.
    Status close(EvtPort port);
    // invalid: not a port one can send on. An unbound port swallows the event.
    Status send(EvtPort port);
    // Fills in the answer of EVTCHNOP_status.
    Status describe(EvtPort port, evtchn_status_t& answer) {
        Holding held(lock_);
        EventChannel* channel = find(port);
        if (!channel) return Error::invalid;
        answer.vcpu = channel->vcpu.load(std::memory_order_relaxed);
        answer.status = static_cast<uint32_t>(channel->state);
        switch (channel->state) {
        case PortState::reserved: answer.status = EVTCHNSTAT_closed; break;
        case PortState::unbound: answer.u.unbound.dom = static_cast<domid_t>(channel->number); break;
        case PortState::interdomain: answer.u.interdomain = {channel->peer->owner_.value, channel->number}; break;
        case PortState::pirq: answer.u.pirq = channel->number; break;
        case PortState::virq: answer.u.virq = channel->number; break;
        default: break;
        }
        return success;
    }
    Status bind_vcpu(EvtPort port, VcpuId id) {
        if (!vcpu(id)) return Error::not_found;
        Holding held(lock_);
        EventChannel* channel = find(port);
        if (!channel) return Error::invalid;
        bool movable = channel->state == PortState::unbound || channel->state == PortState::interdomain ||
                       channel->state == PortState::pirq ||
                       (channel->state == PortState::virq && is_global_virq(channel->number));
        if (!movable) return Error::invalid;
        channel->vcpu.store(static_cast<uint16_t>(id.value), std::memory_order_relaxed);
        if (channel->state == PortState::pirq) host_.aim_pirq(channel->number, id);
        return success;
    }
    Status unmask(EvtPort port);
    // Closes every port and returns to two-level. restart: budget spent, call again. try_again: ports were bound
    // meanwhile; then FIFO stays on.
    Status reset(WorkBudget& budget) {
        TRY(close_all(budget));
        Holding held(lock_);
        if (bound_ports_ != 0) return Error::try_again;
        drop_fifo();
        return success;
    }
    Status init_control(uint64_t guest_frame, uint32_t offset, VcpuId vcpu);
    Status expand_array(uint64_t guest_frame);
    Status set_priority(EvtPort port, uint32_t priority) {
        EventChannel* channel = find(port);
        if (!channel) return Error::invalid;
        if (!uses_fifo()) return Error::no_system_call;
        if (priority > EVTCHN_FIFO_PRIORITY_MIN) return Error::invalid;
        channel->priority.store(static_cast<uint8_t>(priority), std::memory_order_relaxed);
        return success;
    }

    // --- events that xen-core raises
    // per-vCPU; not bound: dropped
    void send_virq(VcpuId id, uint32_t virq) {
        EventVcpu* target = virq < EventVcpu::virqs ? vcpu(id) : nullptr;
        uint32_t port = target ? target->virq_ports[virq].load(std::memory_order_acquire) : 0;
        if (port) send_if(PortState::virq, EvtPort(port), virq);
    }
    void send_pirq(EvtPort port, uint32_t pirq) { send_if(PortState::pirq, port, pirq); }
    static bool is_global_virq(uint32_t virq) {
        return virq != VIRQ_TIMER && virq != VIRQ_DEBUG && virq != VIRQ_XENOPROF && virq != VIRQ_XENPMU;
    }

    // --- SCHEDOP_poll: begin_poll; then look at is_pending of each port; if none, block (its predicate looks again).
    // While polling, EventHost::wake_pollers is called for every port that becomes pending, masked or not.
    void begin_poll() { pollers_.fetch_add(1, std::memory_order_seq_cst); }
    void end_poll() { pollers_.fetch_sub(1, std::memory_order_seq_cst); }
    bool is_valid(EvtPort port) { return find(port) != nullptr; }
    bool is_pending(EvtPort port) { return flag(port, &shared_info::evtchn_pending, EVTCHN_FIFO_PENDING); }
    bool is_masked(EvtPort port) { return flag(port, &shared_info::evtchn_mask, EVTCHN_FIFO_MASKED); }

    bool uses_fifo() const { return fifo_.load(std::memory_order_acquire); }
    bool is_dying() const { return dying_.load(std::memory_order_seq_cst); }

    // The end of the domain: no new bindings, every port closed, every page given back. restart: budget spent, call
    // again.
    Status tear_down(WorkBudget& budget);

  private:
    static constexpr uint32_t ports_per_page = page_size / sizeof(EventChannel);
    static constexpr uint32_t words_per_page = page_size / sizeof(event_word_t);
    static constexpr uint32_t event_pages = fifo_ports / words_per_page;
    using TableLock = Lock<LockRank::event_table>;

    // Null unless the port's memory exists.
    EventChannel* find(EvtPort port) const {
        if (UNLIKELY(port.value >= fifo_ports)) return nullptr;
        EventChannel* page = port_pages_[port.value / ports_per_page].load(std::memory_order_acquire);
        return page ? page + port.value % ports_per_page : nullptr;
    }
    void send_if(PortState state, EvtPort port, uint32_t number);
    EventVcpu* vcpu(VcpuId id) const {
        return id.value < max_vcpus ? vcpus_[id.value].load(std::memory_order_acquire) : nullptr;
    }

    // ports (event_ports.cpp)
    Result<EvtPort> allocate_port();
    // The table's lock is held.
    Status ensure_memory(EvtPort port) {
        if (find(port)) return success;
        auto* channels = static_cast<EventChannel*>(host_.take_page());
        if (!channels) return Error::no_memory;
        if (port.value < ports_per_page) channels[0].state = PortState::reserved; // port 0 means "none" everywhere
        port_pages_[port.value / ports_per_page].store(channels, std::memory_order_release);
        return success;
    }
    // The table's lock and the port's are held.
    void bind(EventChannel& channel, PortState state, VcpuId vcpu, uint32_t number) {
        channel.priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
        channel.pending_without_page = false;
        channel.peer = nullptr;
        channel.number = number;
        channel.vcpu.store(static_cast<uint16_t>(vcpu.value), std::memory_order_relaxed);
        channel.state = state;
        ++bound_ports_;
    }
    // The table's lock and the port's are held. The port is free afterwards.
    void unbind(EventChannel& channel, EvtPort port) {
        channel.state = PortState::free;
        channel.peer = nullptr;
        channel.pending_without_page = false;
        channel.vcpu.store(0, std::memory_order_relaxed);
        clear_pending(port);
        --bound_ports_;
        lowest_free_ = std::min(lowest_free_, port.value);
    }
    // A fresh port bound so. The table's lock is held.
    Result<EvtPort> allocate_bound(PortState state, VcpuId vcpu, uint32_t number) {
        EvtPort port = TRY(allocate_port());
        EventChannel& channel = *find(port);
        Holding held(channel.lock);
        bind(channel, state, vcpu, number);
        return port;
    }
    Status close_held(EventChannel& channel, EvtPort port);
    Status close_all(WorkBudget& budget);

    // delivery (event_delivery.cpp): the caller holds a lock that keeps the binding of `port` still
    // A port that is known to be bound.
    EventChannel& bound(EvtPort port) const {
        return port_pages_[port.value / ports_per_page].load(std::memory_order_relaxed)[port.value % ports_per_page];
    }
    void set_pending(EventChannel& channel, EvtPort port) {
        if (uses_fifo())
            set_pending_fifo(channel, port);
        else
            set_pending_two_level(channel, port);
    }
    void set_pending_two_level(EventChannel& channel, EvtPort port);
    void select(EventChannel& channel, EvtPort port);
    using TwoLevelBits = decltype(&shared_info::evtchn_pending); // or evtchn_mask
    bool flag(EvtPort port, TwoLevelBits bits, unsigned fifo_bit);
    bool two_level_flag(EvtPort port, TwoLevelBits bits) const;
    void clear_pending(EvtPort port);
    void notify_pollers(EvtPort port) {
        if (UNLIKELY(pollers_.load(std::memory_order_seq_cst))) host_.wake_pollers(port);
    }

    // FIFO (event_fifo.cpp)
    using EventWord = std::atomic<event_word_t>;
    EventWord* event_word(EvtPort port) const {
        EventWord* page = event_pages_[port.value / words_per_page].load(std::memory_order_acquire);
        return page ? page + port.value % words_per_page : nullptr;
    }
    void set_pending_fifo(EventChannel& channel, EvtPort port);
    bool queue_event(EventChannel& channel, EvtPort port, EventWord& word);
    void link_event(EventVcpu& target, uint16_t queue, EvtPort port, EventWord& word);
    bool set_link(EvtPort tail, EvtPort port);
    // A free port that the guest has not taken off its queue yet. The table's lock is held.
    bool is_busy(EvtPort port) const {
        if (!uses_fifo()) return false;
        EventWord* word = event_word(port);
        return word && word->load(std::memory_order_relaxed) & 1u << EVTCHN_FIFO_LINKED;
    }
    void start_fifo();
    void drop_fifo();

    const DomId owner_;
    const uint32_t max_port_;
    EventHost& host_;
    std::atomic<shared_info*> shared_info_{nullptr};
    std::atomic<uint32_t> pollers_{0};
    std::atomic<bool> fifo_{false};
    std::atomic<bool> dying_{false};  // nothing gets bound any more
    std::atomic<bool> closed_{false}; // nothing is bound: port memory goes away when users_ is 0
    TableLock lock_;
    uint32_t lowest_free_ = 1; // no free port below it
    uint32_t bound_ports_ = 0;
    std::atomic<uint32_t> closing_{1}; // progress of close_all
    std::atomic<uint32_t> users_{0};
    std::atomic<EventChannel*> port_pages_[fifo_ports / ports_per_page] = {};
    uint32_t event_page_count_ = 0;
    std::atomic<EventWord*> event_pages_[event_pages] = {};
    std::atomic<EventVcpu*> vcpus_[max_vcpus] = {};
};

// Which domain receives each global virtual interrupt (the first domain, unless XEN_DOMCTL_set_virq_handler moved it).
class GlobalVirqs : NonCopyable {
  public:
    // Null: back to the default. The bound port of the previous handler is not told. invalid: not a global virq, or a
    // dying domain.
    Status set_handler(uint32_t virq, EventTable* table) {
        if (virq >= EventVcpu::virqs || !EventTable::is_global_virq(virq)) return Error::invalid;
        Holding held(lock_);
        if (table && table->is_dying()) return Error::invalid;
        handlers_[virq] = table;
        return success;
    }
    void set_default(EventTable* table) {
        Holding held(lock_);
        default_ = table;
    }
    // by tear_down: after that no send uses it
    void forget(EventTable& table) {
        Holding held(lock_);
        for (EventTable*& handler : handlers_)
            if (handler == &table) handler = nullptr;
        if (default_ == &table) default_ = nullptr;
    }
    void send(uint32_t virq) {
        if (virq >= EventVcpu::virqs) return;
        Holding held(lock_);
        if (EventTable* table = handlers_[virq] ? handlers_[virq] : default_) table->send_virq(VcpuId(0), virq);
    }

  private:
    Lock<LockRank::global_virq> lock_;
    EventTable* handlers_[NR_VIRQS] = {};
    EventTable* default_ = nullptr;
};

inline constinit GlobalVirqs global_virqs;

} // namespace skerry
