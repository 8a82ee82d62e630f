// SPDX-License-Identifier: MIT
// The page tables of one PV domain: the only code that writes page-table entries guests run on.
//
// Owns: the pv_mmu lock of the domain, the queue of tables being taken apart. The safety argument is docs/pv-mmu.md;
// how a frame changes use is page_use.h; which entries are legal is entry_rules.h.
//
// Restarting: a method with a WorkBudget may return Error::restart. Then nothing the guest can see has changed
// (progress is kept in the frames); call it again with the same arguments. Anything else is final: it succeeded, or was
// refused with nothing changed. Taking old tables apart may be left for later: every method first finishes what earlier
// ones left (that, too, may be a restart), so no guest can tell the difference.
//
// Lock: LockRank::pv_mmu, taken inside. Any CPU may call for any domain. ABI: mmu_update, mmuext_op and
// update_va_mapping in <xen/xen.h>. Errors, unless said otherwise: invalid (no such frame, not the domain's, wrong
// type, bad flags), busy (the frame to be mapped is in use otherwise, or not whose the call says), not_permitted (I/O
// memory), restart.
#pragma once

#include "arch/x86_64/page_table_entry.h"
#include "memory/frame_table.h"
#include "memory/guest_copy.h"

namespace skerry {

// What pv_mmu asks of the domain whose page tables it keeps. Implemented by domain/. Called with the pv_mmu lock held:
// answer at once, take no lock of a lower rank.
class PvMmuHost {
  public:
    // May this domain map these frames, which are not RAM?
    virtual bool may_map_io(Mfn first, uint64_t count) const = 0;
    // May its L1 entries set PWT, PCD and PAT (on Xen: a domain with any I/O memory or ports)?
    virtual bool may_set_cache_attributes() const = 0;
    // A read-only mapping of a segment-descriptor page went away: forget the LDT pages that were mapped on demand, on
    // all vCPUs, by calling PvMmu::release_descriptor_page_locked for each.
    virtual void forget_ldt_pages() = 0;

  protected:
    ~PvMmuHost() = default;
};

// Proof that entries of this call may map frames of `account` instead of the domain's own. Only the rights check makes
// one.
class ForeignAccess {
  public:
    Account& account() const { return *account_; }

  private:
    friend class AuthorityCheck;
    friend class Result<ForeignAccess>; // a refusal has none
    ForeignAccess() = default;
    explicit ForeignAccess(Account& account) : account_(&account) {}
    Account* account_ = nullptr;
};

// A TLB flush that is owed and must be paid: an entry that led to another account's frame has been removed, and the
// caller still holds its own reference to that frame. It may drop that reference only after pay(). One debt can collect
// any number of removals from one address-space owner. Destroying an unpaid debt is a broken invariant.
class FlushDebt : NonCopyable {
  public:
    FlushDebt() = default;
    ~FlushDebt() { ASSERT(!users_); }

    // A removal from tables of the owner of `users`. All removals of one debt have the same owner.
    void add(TranslationUsers& users) {
        ASSERT(!users_ || users_ == &users);
        users_ = &users;
    }
    void pay() {
        if (users_) std::exchange(users_, nullptr)->flush();
    }

  private:
    TranslationUsers* users_ = nullptr;
};

// Where an L1 entry stands: the one that maps a linear address in the space of `root` (an L4 held by a vCPU), or by its
// machine address (GNTMAP_contains_pte).
struct EntryPlace {
    static EntryPlace linear(Mfn root, GuestVirt virt) { return {root, virt.value, true}; }
    static EntryPlace machine(MachAddr entry) { return {invalid_mfn, entry.value, false}; }

    Mfn root;
    uint64_t address;
    bool is_linear;
};

// A guest's write to a read-only mapping of one of its L1 tables.
struct PtWrite {
    GuestVirt address; // of the write; must not cross an 8-byte boundary
    unsigned bytes;    // 1, 2, 4 or 8
    uint64_t value;    // what to write
    uint64_t expected; // if `compares`: what must be there for the write to happen (cmpxchg)
    bool compares;
};

class PvMmu : NonCopyable {
  public:
    PvMmu(Account& account, PvMmuHost& host) : account_(account), host_(host) {}
    ~PvMmu() { ASSERT(first_queued_ == nothing); }

    Account& account() { return account_; }
    TranslationUsers& users() { return account_.users; }

    // --- mmu_update ---
    // `count` requests of the running guest, under one taking of the lock; `carried_out` says how many were. `foreign`:
    // L1 entries map frames of that account instead of the domain's own (or null). Commands: MMU_NORMAL_PT_UPDATE,
    // MMU_PT_UPDATE_PRESERVE_AD, MMU_PT_UPDATE_NO_TRANSLATE, MMU_MACHPHYS_UPDATE. Nothing is flushed: that is the
    // guest's business; what xen-core's safety needs is flushed when it is needed. Errors: no_system_call for an
    // unknown command, bad_address. Each request spends a unit of the budget.
    Status update_all(GuestHandle<mmu_update_t> requests, uint32_t count, const ForeignAccess* foreign,
                      WorkBudget& budget, uint32_t& carried_out);

    // --- update_va_mapping ---
    // Writes the L1 entry that maps `virt` in the space of `root`. The flush that UVMF_* asks for is the caller's.
    Status update_va_mapping(Mfn root, GuestVirt virt, Pte value, const ForeignAccess* foreign, WorkBudget& budget);

    // --- mmuext_op ---
    // MMUEXT_PIN_L1_TABLE..L4 and MMUEXT_UNPIN_TABLE. `level` 1..4. Pinning twice is invalid, as is unpinning what is
    // not.
    Status pin(Mfn mfn, unsigned level, WorkBudget& budget);
    Status unpin(Mfn mfn, WorkBudget& budget);
    // A vCPU's page-table base, of the kernel or of the user: take the new one, load it where it is to be loaded, then
    // release the old one. release_base never fails.
    Status take_base(Mfn mfn, WorkBudget& budget);
    void release_base(Mfn mfn, WorkBudget& budget);
    // The same for a call that took it and has to restart: if it was the last use, the table stays in transition with
    // all of its entries checked, so taking it again is one step and the call gets further each time.
    void suspend_base(Mfn mfn);
    // MMUEXT_CLEAR_PAGE and MMUEXT_COPY_PAGE on the domain's own frames.
    [[gnu::noinline]] Status clear_frame(Mfn mfn) {
        WritableRef cleared = TRY(take_writable(mfn, account_));
        __builtin_memset(to_pointer(mfn), 0, page_size);
        return success;
    }
    [[gnu::noinline]] Status copy_frame(Mfn to, Mfn from) {
        FrameRef source = TRY(take_reference(from, account_));
        WritableRef target = TRY(take_writable(to, account_));
        __builtin_memcpy(to_pointer(to), to_pointer(from), page_size);
        return success;
    }

    // --- descriptor pages (GDT frames, LDT pages) ---
    // Takes a use as a segment-descriptor page: all 512 descriptors are checked. Release: after every mapping of it in
    // a vCPU's window is gone; flushing those is covered here.
    Status take_descriptor_page(Mfn mfn, WorkBudget& budget);
    void release_descriptor_page(Mfn mfn) {
        Holding held(lock_);
        release_descriptor_page_locked(mfn);
    }
    // For PvMmuHost::forget_ldt_pages only: the lock is held.
    void release_descriptor_page_locked(Mfn mfn);
    // update_descriptor: writes one checked descriptor to a frame that is a descriptor page or ordinary memory.
    Status update_descriptor(MachAddr place, uint64_t descriptor, WorkBudget& budget);

    // --- trapped writes ---
    // A page fault on a write that found a present read-only mapping: if it maps an L1 table of the domain, performs
    // the write as an update. Value: what was there before, in `bytes` bytes (with `compares`, the write happened only
    // if it equals `expected`). Errors: not_found (no such mapping, not an L1 table: an ordinary fault of the guest),
    // invalid, busy, not_permitted (the entry was refused: also the guest's fault), restart (let the guest execute the
    // instruction again).
    Result<uint64_t> emulate_pt_write(Mfn root, const PtWrite& write, WorkBudget& budget);

    // The L1 entry that maps `virt`, as it is now. Not present: there is none.
    Pte find_entry(Mfn root, GuestVirt virt);

    // --- frames of others, by reference: grant mappings ---
    // Maps the frame at `place`; the entry takes a reference of its own. `flags`: hardware flags besides present,
    // writable and the frame (user, accessed, dirty, available bits...). What the entry held before is dropped.
    Status map_frame(EntryPlace place, const FrameRef& frame, uint64_t flags, WorkBudget& budget) {
        return map_counted(place, *frame, Pte(frame->mfn(), (flags & ~pte::writable) | pte::present), budget);
    }
    Status map_frame(EntryPlace place, const WritableRef& frame, uint64_t flags, WorkBudget& budget) {
        return map_counted(place, *frame, Pte(frame->mfn(), flags | pte::writable | pte::present), budget);
    }
    // Removes the mapping of `expected` at `place` (errors: invalid if that is not what it maps, or not as it was made,
    // writable or not). The entry's own reference is dropped at once: the caller must keep its own until `debt` is paid.
    Status unmap_frame(EntryPlace place, Mfn expected, bool writes, FlushDebt& debt, WorkBudget& budget);
    // The same, but the entry that maps `source` moves to `place`, leaving `source` unmapped
    // (GNTTABOP_unmap_and_replace).
    Status unmap_and_replace(EntryPlace place, Mfn expected, bool writes, EntryPlace source, FlushDebt& debt,
                             WorkBudget& budget);

    // --- giving frames back ---
    // decrease_reservation, exchange: gives up the domain's own reference to the frame, its pin and its M2P entry. It
    // is freed when its other references are gone. Errors: invalid (not the domain's, or given up before).
    Status release_frame(Mfn mfn, WorkBudget& budget);
    // Teardown of a dying domain whose vCPUs have released their bases and descriptor pages: unpins everything, takes
    // all tables apart, gives up all frames. Errors: restart. Afterwards account().frames() counts what others still
    // hold.
    Status relinquish(WorkBudget& budget);
    // Finishes what earlier operations left. Errors: restart.
    Status settle(WorkBudget& budget) {
        Holding held(lock_);
        return drain(budget);
    }

  private:
    // How update_l1 writes: as the guest says; keeping accessed and dirty bits that the hardware may be setting; or
    // only if the entry still is what was read (Error::try_again otherwise).
    enum class Write : uint8_t { plain, keep_accessed_dirty, if_unchanged };

    // The frame, if it is the domain's.
    Frame* find_own(Mfn mfn) const {
        Frame* found = find_frame(mfn);
        return found && found->owner() == &account_ ? found : nullptr;
    }

    // All below: the lock is held.
    // tables.cpp
    // A use of what `entry` names as a table of `level`, for an operation of the guest or (below) for one table among
    // others; or as the entry at `slot` may lead to it. No slot: a pin or a base.
    Status take_table(Pte entry, unsigned level, WorkBudget& budget, const char* purpose, const Pte* slot = nullptr);
    Status take_below(Pte entry, unsigned level, WorkBudget& budget, const Pte* slot);
    [[gnu::cold]] Status take_linear(Frame& table, const Pte* slot, Pte entry);
    Status promote(Frame& frame, unsigned level, WorkBudget& budget);
    Status validate(Frame& frame, unsigned level, WorkBudget& budget);
    void drop_table(Frame& frame);
    void enqueue(Frame& frame) {
        frame.set_queue_next(first_queued_);
        first_queued_ = static_cast<uint32_t>(frame.mfn().value);
    }
    void take_apart(Frame& frame, unsigned level);
    Status drain(WorkBudget& budget) {
        if (LIKELY(first_queued_ == nothing)) return success;
        return drain_queue(budget);
    }
    Status drain_queue(WorkBudget& budget);
    // entries.h, update.cpp
    Status take_l1_need(Pte entry, Account& source);
    [[gnu::cold]] Status take_l1_need_slowly(Pte entry, Account& source);
    void drop_l1_need(Pte entry, FlushStamp now);
    [[gnu::cold]] void drop_l1_need_slowly(Pte entry, Frame& named);
    void drop_need(unsigned level, const Pte* slot, Pte entry, FlushStamp now);
    static void drop_foreign(Pte entry, Frame& named);
    [[gnu::cold]] Status judge_rare_flags(unsigned level, Pte entry);
    Status write_entry(unsigned level, Pte* slot, Pte old, Pte value, Write how, Account& source, WorkBudget& budget);
    Status update_l1(Pte* slot, Pte old, Pte value, Write how, Account& source);
    Status update_one(uint64_t pointer, uint64_t value, Account& source, WorkBudget& budget);
    Status update_otherwise(uint64_t pointer, uint64_t value, Account& source, WorkBudget& budget);
    Status update_table(Frame& table, Pte* slot, Pte value, Write how, WorkBudget& budget);
    Status update_plain_memory(Frame& frame, MachAddr place, uint64_t value);
    Pte* find_l1_slot(Mfn root, GuestVirt virt);
    Pte* find_l1_slot(const EntryPlace& place);
    Status map_counted(const EntryPlace& place, Frame& frame, Pte entry, WorkBudget& budget);
    Result<Pte*> find_mapping(const EntryPlace& place, Mfn expected, bool writes);
    void unmap_counted(Pte* slot, Pte replacement, FlushDebt& debt);
    // holds.cpp
    bool release_locked(Frame& frame);

    static constexpr uint32_t nothing = ~0u;

    Lock<LockRank::pv_mmu> lock_;
    Account& account_;
    PvMmuHost& host_;
    // The table of each level (2..4) that the running promotion is inside of: it may not be reached again from below.
    const Frame* inside_[5] = {};
    // Tables in transition that wait to be taken apart, linked by Frame::queue_next.
    uint32_t first_queued_ = nothing;
};

} // namespace skerry
