// SPDX-License-Identifier: MIT
// A domain: the composition of an account, an address-space owner, event channels, grants, scheduling and vCPUs, with
// the authority that it holds. None of the parts points back at it but through the interface that the part itself
// declares.
//
// Life: created paused, built, running, shut down (by itself, by a crash, or by control), dying, gone. DomainRef keeps
// the object alive. A dying domain stays listed until nobody holds a frame of it any more.
//
// Locks: `control` serialises control operations on the domain; the parts lock themselves.
#pragma once

#include "arch/x86_64/time.h"
#include "domain/authority.h"
#include "domain/pirqs.h"
#include "domain/range_set.h"
#include "domain/vcpu.h"
#include "grants/grant_table.h"
#include "grants/maptrack.h"

#include <xen/domctl.h>
#include <xen/sched.h>

namespace skerry {

inline constexpr uint32_t max_vcpus_per_domain = 128;
inline constexpr DomId first_domain_id{0};

struct DomainConfig {
    xen_domain_handle_t handle{};
    uint32_t max_vcpus = 1;         // 1..max_vcpus_per_domain
    uint32_t max_event_port = 1023; // highest port number
    uint32_t max_grant_frames = 64; // pages of grant entries
    uint32_t max_maptrack_frames = 1024;
    uint8_t max_grant_version = 2;
    uint64_t max_frames = 0; // memory limit; XEN_DOMCTL_max_mem raises it
};

// The pseudo-physical memory map that XENMEM_memory_map answers with; count 0: none.
struct MemoryMap {
    // As the ABI packs it (e820entry in Xen's documentation: no padding).
    struct [[gnu::packed]] Entry {
        uint64_t start, size;
        uint32_t kind;
    };
    static_assert(sizeof(Entry) == 20);
    static constexpr unsigned max_entries = 32;
    uint32_t count = 0;
    Entry entries[max_entries]{};
};

// The page of entry stubs that a PV guest calls its hypercalls through: 32 bytes each, by number
// (XEN_ELFNOTE_HYPERCALL_PAGE, XEN_DOMCTL_hypercall_init).
void fill_hypercall_page(uint8_t* page);

class Domain final : NonCopyable, EventHost, PvMmuHost {
  public:
    Domain(DomId id, const DomainConfig& config);
    ~Domain();

    // A new domain, paused once, without memory but for shared_info and the vCPUs' own pages. Not yet in the table.
    // Errors: no_memory, invalid (config).
    static Result<Domain*> create(DomId id, const DomainConfig& config);

    const DomId id;
    bool is_first() const { return id == first_domain_id; }

    // --- parts ---
    Account account;
    PvMmu mmu;
    DomainPirqs pirqs;
    EventTable events;
    GrantTable grants; // what others may use of its memory
    Maptrack maptrack; // what it has mapped of others'
    SchedGroup sched_group;
    Authority authority;
    Holders holders;

    // --- what it may use of the hardware ---
    RangeSet<32> io_ports;
    RangeSet<32> interrupt_lines;
    RangeSet<32> io_memory; // frame numbers

    // Some hardware is the domain's own, so caching attributes matter to it.
    bool may_set_cache_attributes() const override { return io_memory.size() > 0 || io_ports.size() > 0; }

    // --- vCPUs ---
    uint32_t max_vcpus() const { return max_vcpus_; }
    // Null: not created.
    Vcpu* vcpu(VcpuId number) const { return number.value < max_vcpus_ ? vcpus_[number.value].get() : nullptr; }

    // Creates the vCPU, down. Errors: no_memory, invalid (number), exists.
    Status create_vcpu(VcpuId number) {
        if (number.value >= max_vcpus_) return Error::invalid;
        if (vcpus_[number.value]) return Error::exists;
        CoreBox<Vcpu> box = TRY(CoreBox<Vcpu>::create(account, *this, number));
        TRY(box->cpu.create(account));
        Vcpu& vcpu = *box;
        events.attach_vcpu(number, vcpu.events);
        vcpu.use_info(number.value < XEN_LEGACY_MAX_VCPUS ? &shared_->vcpu_info[number.value] : &vcpu.private_info);
        vcpu.cpu.vcpu_info->evtchn_upcall_mask = 1;
        CpuId home((id.value + number.value) % online_cpus.count());
        scheduler.admit(vcpu, sched_group, home);
        for (uint32_t held = control_pauses_.load(); held > 0; --held) scheduler.pause(vcpu);
        Holding held(shutdown_lock_);
        if (is_shut_down()) scheduler.pause(vcpu);
        vcpus_[number.value] = std::move(box);
        return success;
    }

    template <typename F> void for_each_vcpu(F&& body) {
        for (uint32_t i = 0; i < max_vcpus_; ++i)
            if (vcpus_[i]) body(*vcpus_[i]);
    }

    // --- identity and state that the ABI shows ---
    // The answer of XEN_DOMCTL_getdomaininfo; under `control`.
    void describe(xen_domctl_getdomaininfo& info);
    xen_domain_handle_t handle;
    uint64_t vm_assist = 0; // a bit for each VMASST_TYPE_*

    Mfn shared_info_frame() const { return shared_info_ref_->mfn(); }
    shared_info_t* shared() const { return shared_; } // null: destroyed

    // Under `control`. Readers look for an even version that did not change (<xen/xen.h>, wc_version).
    void publish_wall_clock() {
        if (!shared_) return; // destroyed
        uint64_t seconds = wall_clock_at_start.seconds + static_cast<uint64_t>(wall_clock_offset);
        uint32_t version = __atomic_load_n(&shared_->wc_version, __ATOMIC_RELAXED) | 1;
        __atomic_store_n(&shared_->wc_version, version, __ATOMIC_RELAXED);
        std::atomic_thread_fence(std::memory_order_release);
        shared_->wc_sec = static_cast<uint32_t>(seconds);
        shared_->wc_sec_hi = static_cast<uint32_t>(seconds >> 32);
        shared_->wc_nsec = wall_clock_at_start.nanoseconds;
        __atomic_store_n(&shared_->wc_version, version + 1, __ATOMIC_RELEASE);
    }

    MemoryMap memory_map;

    // Fills the frame with hypercall stubs. Errors: those of take_writable().
    Status make_hypercall_page(Mfn frame) {
        WritableRef page = TRY(take_writable(frame, account));
        fill_hypercall_page(to_pointer<uint8_t>(page->mfn()));
        return success;
    }

    int64_t wall_clock_offset = 0; // seconds, XEN_DOMCTL_settimeoffset

    // --- life (domain/lifecycle.cpp) ---
    // Counted pauses of every vCPU by control software.
    void pause() {
        control_pauses_.fetch_add(1, std::memory_order_relaxed);
        for_each_vcpu([](Vcpu& vcpu) { scheduler.pause(vcpu); });
    }
    void unpause() {
        control_pauses_.fetch_sub(1, std::memory_order_relaxed);
        for_each_vcpu([](Vcpu& vcpu) { scheduler.unpause(vcpu); });
    }

    // False while some vCPU still runs or its state is in a CPU's registers.
    bool has_stopped() {
        bool stopped = true;
        for_each_vcpu([&](Vcpu& vcpu) { stopped &= !vcpu.is_on_cpu(); });
        return stopped;
    }

    // SCHEDOP_shutdown, a crash, or control: stops every vCPU and tells who watches (VIRQ_DOM_EXC). The first domain
    // takes the machine with it.
    void shut_down(uint32_t code);
    bool is_shut_down() const { return shut_down_.load(std::memory_order_acquire); }
    uint32_t shutdown_code() const { return shutdown_code_; }

    // SCHEDOP_shutdown_code: what the reason will be when it shuts down by whatever way. False: it has shut down
    // already.
    bool announce_shutdown_code(uint32_t code) {
        if (shut_down_.load(std::memory_order_acquire)) return false;
        shutdown_code_ = code;
        return true;
    }

    // Undoes shut_down (XEN_DOMCTL_resumedomain).
    void resume() {
        Holding held(shutdown_lock_);
        if (!shut_down_.exchange(false, std::memory_order_acq_rel)) return;
        shutdown_code_ = ~0u;
        for_each_vcpu([](Vcpu& vcpu) { scheduler.unpause(vcpu); });
    }

    bool is_dying() const { return account.is_dying(); }
    bool is_paused_by_control() const { return control_pauses_ > 0; }
    static constexpr uint32_t most_control_pauses = 255; // as on Xen
    bool may_be_paused_again() const { return control_pauses_ < most_control_pauses; }

    // One stretch of the way to the grave. Errors: restart. When it succeeds, only frames that others hold are left.
    Status destroy(WorkBudget& budget);
    // Destroyed, and nobody holds a frame of it any more.
    bool is_gone() const { return destroy_phase_ == phase_done && account.is_settled(); }

    // SCHEDOP_watchdog: at most two; slot 0 or 1.
    static constexpr unsigned watchdogs = 2;
    // A timeout of 0 disarms.
    void set_watchdog(unsigned slot, Nanoseconds timeout) {
        timeout ? timers.arm(watchdogs_[slot], this_cpu(), now() + timeout) : timers.cancel(watchdogs_[slot]);
    }
    Result<unsigned> free_watchdog() const {
        for (unsigned slot = 0; slot < watchdogs; ++slot)
            if (!watchdogs_[slot].is_armed()) return slot;
        return Error::no_space;
    }
    bool has_watchdog(unsigned slot) const { return slot < watchdogs && watchdogs_[slot].is_armed(); }

    // For DomainRef: the last one to go takes the object along.
    void add_reference() { references_.fetch_add(1, std::memory_order_relaxed); }
    void drop_reference() {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
        this->~Domain();
        free_core_pages(core_account, this, CoreBox<Domain>::pages);
    }

    bool is_sealed = false; // nobody but the domain itself reaches its memory any more

    Lock<LockRank::control> control;

  private:
    friend class DomainTable;

    // EventHost
    void deliver(VcpuId number) override {
        if (Vcpu* target = vcpu(number)) target->kick();
    }

    // A vCPU that is registered but does not wait (any more, or yet) is only taken off the register: SCHEDOP_poll looks
    // at the register once more after it has blocked.
    void wake_pollers(EvtPort port) override {
        for_each_vcpu([port](Vcpu& poller) {
            uint32_t polled = poller.polled_port.load(std::memory_order_seq_cst);
            if (polled == Vcpu::poll_none) return;
            bool waits_for_this = polled == port.value || polled == Vcpu::poll_any;
            if ((waits_for_this || !poller.is_blocked()) && poller.end_poll()) (void)scheduler.wake(poller);
        });
    }

    void* take_page() override { return allocate_core_pages(account); }
    void return_page(void* page) override { free_core_pages(account, page); }
    Result<void*> map(uint64_t guest_frame) override {
        WritableRef reference = TRY(take_writable(Mfn(guest_frame), account));
        return static_cast<void*>(to_pointer<char>(reference.release().mfn()));
    }
    void unmap(void* page) override {
        Mfn mfn = frame_of_pointer(reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(page) & ~(page_size - 1)));
        WritableRef::adopt(frame(mfn)); // dropped here
    }

    Status bind_pirq(uint32_t pirq, EvtPort port) override { return pirqs.bind(pirq, port); }
    void unbind_pirq(uint32_t pirq) override { pirqs.unbind(pirq); }
    void aim_pirq(uint32_t pirq, VcpuId vcpu) override { pirqs.aim(pirq, vcpu); }

    // PvMmuHost
    bool may_map_io(Mfn first, uint64_t count) const override {
        return count > 0 && io_memory.contains(first.value, first.value + count - 1);
    }
    void forget_ldt_pages() override {
        for_each_vcpu([this](Vcpu& owner) { owner.cpu.drop_ldt_pages(mmu, true); });
    }

    Status release_mappings(WorkBudget& budget);
    Status release_vcpus(WorkBudget& budget);
    void watchdog_expired(Nanoseconds) { shut_down(SHUTDOWN_watchdog); }
    using Watchdog = OwnedTimer<Domain, &Domain::watchdog_expired>;

    std::atomic<uint32_t> references_{1};
    const uint32_t max_vcpus_;
    WritableRef shared_info_ref_;
    shared_info_t* shared_ = nullptr;
    std::atomic<uint32_t> control_pauses_{0};
    Lock<LockRank::shutdown> shutdown_lock_; // every vCPU is paused once more while shut_down_ is set
    std::atomic<bool> shut_down_{false};
    uint32_t shutdown_code_ = ~0u; // ~0: none announced or used
    static constexpr unsigned phase_done = 6;
    std::atomic<unsigned> destroy_phase_{0};
    Watchdog watchdogs_[watchdogs];
    CoreBox<Vcpu> vcpus_[max_vcpus_per_domain];
};

// Keeps a domain's object alive.
using DomainRef = Owned<Domain, &Domain::drop_reference>;
inline DomainRef reference_to(Domain& domain) {
    domain.add_reference();
    return DomainRef::adopt(domain);
}

// A new page-table base for the kernel of a vCPU, which runs here: taken and loaded before the old one is let go. The
// same one again is loaded again. Errors: those of PvMmu::take_base.
inline Status set_kernel_base(Vcpu& vcpu, Mfn base, WorkBudget& budget) {
    PvMmu& mmu = vcpu.domain.mmu;
    Mfn old = frame_of(MachAddr(vcpu.cpu.kernel_cr3));
    if (base != old) {
        TRY(mmu.take_base(base, budget));
        vcpu.cpu.drop_ldt_pages(mmu);
        vcpu.cpu.kernel_cr3 = address_of(base).value;
    }
    load_address_space(cpu_local(), vcpu.cpu);
    if (base != old) mmu.release_base(old, budget);
    return success;
}

// All domains by number. Owns one reference to each; a number is reused only after its domain is gone.
class DomainTable : NonCopyable {
  public:
    static constexpr uint32_t limit = DOMID_FIRST_RESERVED; // numbers 0..0x7fef

    // Errors: no_such_domain.
    Result<DomainRef> find(DomId id) {
        if (id.value >= limit) return Error::no_such_domain;
        Holding held(lock_);
        if (!domains_[id.value]) return Error::no_such_domain;
        return reference_to(*domains_[id.value]);
    }
    // The domain with the least number >= `from`; none: empty.
    DomainRef next_from(uint32_t from) {
        Holding held(lock_);
        for (uint32_t number = from; number <= highest_; ++number)
            if (domains_[number]) return reference_to(*domains_[number]);
        return {};
    }

    // `wanted`: that number, or DOMID_INVALID for any free one. Creates, enters and returns it, paused.
    // Errors: exists (taken), no_space, and those of Domain::create.
    Result<DomainRef> create(DomId wanted, const DomainConfig& config) {
        reap();
        Holding held(lock_);
        DomId id = TRY(choose_number(wanted));
        Domain* domain = TRY(Domain::create(id, config));
        domains_[id.value] = domain;
        highest_ = std::max<uint32_t>(highest_, id.value);
        return reference_to(*domain);
    }

    // A domain's Domain::destroy() has finished: reap() will look at it.
    void note_destroyed() { destroyed_.fetch_add(1, std::memory_order_relaxed); }
    // Forgets domains that are destroyed and that nobody holds a frame of any more.
    void reap() {
        if (LIKELY(!destroyed_.load(std::memory_order_relaxed))) return;
        for (uint32_t number = 1; number < limit; ++number) {
            DomainRef gone;
            {
                Holding held(lock_);
                Domain* domain = domains_[number];
                if (number > highest_) return;
                if (!domain || !domain->is_gone()) continue;
                domains_[number] = nullptr;
                while (highest_ > 0 && !domains_[highest_]) --highest_;
                gone = DomainRef::adopt(*domain); // the table's reference, dropped outside of the lock
                // The number may come again for somebody else: it gets no rights of this one.
                for (uint32_t target = 0; target <= highest_; ++target)
                    if (domains_[target]) domains_[target]->holders.forget(domain->id);
            }
            destroyed_.fetch_sub(1, std::memory_order_relaxed);
        }
    }

  private:
    // A number is reused as late as possible, so that a stale one rarely names somebody else.
    Result<DomId> choose_number(DomId wanted) {
        if (wanted.value < limit) return domains_[wanted.value] ? Result<DomId>(Error::exists) : Result<DomId>(wanted);
        for (uint32_t tried = 1; tried < limit; ++tried) {
            last_number_ = last_number_ + 1 < limit ? last_number_ + 1 : 1;
            if (!domains_[last_number_]) return DomId(static_cast<uint16_t>(last_number_));
        }
        return Error::no_space;
    }

    Lock<LockRank::domain_table> lock_;
    std::atomic<uint32_t> destroyed_{0}; // destroyed, not yet forgotten
    uint32_t last_number_ = 0; // given last; the table is all zeros at start, so it takes no room in the image
    uint32_t highest_ = 0;     // no greater number is in use
    Domain* domains_[limit] = {};
};

inline constinit DomainTable domain_table;

// A grant mapping is over, and no translation to its frame is left: drops the frame reference and ends the use.
void end_grant_mapping(const GrantMapping& mapping);

// The guest did what no guest may do: says why in the log, with where it stood, and ends its domain. The vCPU is
// `vcpu`, running here; it executes nothing more.
[[gnu::format(printf, 2, 3)]] void crash_domain(Vcpu& vcpu, const char* format, ...);

} // namespace skerry
