// SPDX-License-Identifier: MIT
// Changing single entries: by request, by linear address, by a trapped write, by the reference of a grant. Always:
// judge the new entry, take what it needs, write it, give back what the old one held. Everything that can fail or
// restart comes before the write.
#include "pv_mmu/entries.h"

namespace skerry {

static_assert(sizeof(mmu_update_t) == 16 && offsetof(mmu_update_t, ptr) == 0 && offsetof(mmu_update_t, val) == 8);
static_assert(MMU_NORMAL_PT_UPDATE == 0 && MMU_MACHPHYS_UPDATE == 1 && MMU_PT_UPDATE_PRESERVE_AD == 2 &&
              MMU_PT_UPDATE_NO_TRANSLATE == 3);

// --- one entry ---

// Why take_l1_need did not succeed, or: it is I/O memory.
[[gnu::cold, gnu::noinline]] Status PvMmu::take_l1_need_slowly(Pte entry, Account& source) {
    Mfn mfn = entry.mfn();
    if (is_ram(mfn)) {
        const Account* owner = frame(mfn).owner();
        return refuse(Error::busy, account_.id(), "entry %lx: frame of domain %u, type %u, wanted %s of domain %u",
                      entry.raw, owner ? owner->id().value : DOMID_INVALID,
                      static_cast<unsigned>(frame(mfn).word().type()), entry.is_writable() ? "writable" : "read-only",
                      source.id().value);
    }
    if (!is_io(mfn))
        return refuse(Error::invalid, account_.id(), "entry %lx: the machine has no such address", entry.raw);
    if (!host_.may_map_io(mfn, 1))
        return refuse(Error::not_permitted, account_.id(), "entry %lx: no right to this I/O memory", entry.raw);
    return success;
}

// Flags that only some domains may set, or nobody.
[[gnu::cold, gnu::noinline]] Status PvMmu::judge_rare_flags(unsigned level, Pte entry) {
    if (!(entry.raw & rules::refused_flags(level, host_.may_set_cache_attributes()))) return success;
    return refuse(Error::invalid, account_.id(), "L%u entry %lx: flags refused", level, entry.raw);
}

// Frames of other accounts, descriptor pages, holes.
[[gnu::cold, gnu::noinline]] void PvMmu::drop_l1_need_slowly(Pte entry, Frame& named) {
    if (!named.word().is_ram()) return; // I/O memory
    if (named.owner() == &account_) {
        host_.forget_ldt_pages();
        named.drop_reference();
        return;
    }
    // Its owner knows nothing of our CPUs: they must have forgotten the frame before the reference goes.
    account_.users.flush();
    drop_foreign(entry, named);
}

// What an entry held that names another account's frame.
void PvMmu::drop_foreign(Pte entry, Frame& named) {
    named.owner()->mapped_by_others.fetch_sub(1, std::memory_order_relaxed);
    drop_held_frame(entry.mfn(), entry.is_writable());
}

// `old` is what the caller read from the slot. Inline where it is hot, for a `level` and `how` that are known there.
[[gnu::always_inline]] inline Status PvMmu::write_entry(unsigned level, Pte* slot, Pte old, Pte value, Write how,
                                                        Account& source, WorkBudget& budget) {
    const bool maps = value.is_present();
    bool takes = false;
    if (maps) {
        if (value.raw & rules::refused_flags(level, false)) [[unlikely]]
            TRY(judge_rare_flags(level, value));
        takes = !rules::same_need(old, value);
        if (takes)
            TRY(level == 1 ? take_l1_need(value, source) : take_table(value, level - 1, budget, "entry for", slot));
        value = rules::adjusted(level, value);
    }
    if (how == Write::plain) {
        write_slot(slot, value);
    } else if (how == Write::keep_accessed_dirty) {
        write_slot_keeping_accessed_dirty(slot, value);
    } else if (!write_slot_if(slot, old, value)) {
        if (takes) drop_need(level, slot, value, account_.users.stamp());
        return Error::try_again;
    }
    if (old.is_present() && (takes || !maps)) drop_need(level, slot, old, account_.users.stamp());
    return success;
}

Status PvMmu::update_l1(Pte* slot, Pte old, Pte value, Write how, Account& source) {
    WorkBudget unspent; // only tables cost more than the entry itself
    return write_entry(1, slot, old, value, how, source, unspent);
}

Status PvMmu::update_table(Frame& table, Pte* slot, Pte value, Write how, WorkBudget& budget) {
    const unsigned level = table_level(table.word().type());
    const unsigned index = (reinterpret_cast<uintptr_t>(slot) / sizeof(Pte)) % page_table_entries;
    if (!rules::is_guest_slot(level, index))
        return refuse(Error::invalid, account_.id(), "L4 table %lx: slot %u is not the guest's", table.mfn().value,
                      index);
    TRY(write_entry(level, slot, read_slot(slot), value, how, account_, budget));
    (void)drain(budget);
    return success;
}

// --- mmu_update ---

Status PvMmu::update_all(GuestHandle<mmu_update_t> requests, uint32_t count, const ForeignAccess* foreign,
                         WorkBudget& budget, uint32_t& carried_out) {
    constexpr uint32_t stretch = 64; // requests between two looks at the budget
    Holding held(lock_);
    Account& source = foreign ? foreign->account() : account_;
    GuestVirt next = requests.address();
    carried_out = 0;
    if (!is_guest_range(next, uint64_t{count} * sizeof(mmu_update_t))) return Error::bad_address;
    TRY(drain(budget));
    while (carried_out < count) {
        if (carried_out && budget.is_spent()) return Error::restart;
        const uint32_t end = count - carried_out < stretch ? count : carried_out + stretch;
        (void)budget.spend(static_cast<int32_t>(end - carried_out));
        for (; carried_out < end; ++carried_out, next = next + sizeof(mmu_update_t)) {
            mmu_update_t request;
            if (!is_guest_readable(next, sizeof(request)) || !read_guest_object(request, next)) [[unlikely]]
                return Error::bad_address;
            TRY(update_one(request.ptr, request.val, source, budget));
        }
    }
    return success;
}

// The usual case inline: a plain update of an entry of an L1 table.
[[gnu::always_inline]] inline Status PvMmu::update_one(uint64_t pointer, uint64_t value, Account& source,
                                                       WorkBudget& budget) {
    const MachAddr place(pointer);
    if (frame_of(place).value <= max_mfn_value && !(pointer % sizeof(Pte))) [[likely]] {
        Frame& table = frame(frame_of(place));
        if (table.owner() == &account_ && table.word().is_used_as(FrameType::l1)) [[likely]] {
            Pte* slot = slot_at(place);
            return write_entry(1, slot, read_slot(slot), Pte(value), Write::plain, source, budget);
        }
    }
    return update_otherwise(pointer, value, source, budget);
}

Status PvMmu::update_otherwise(uint64_t pointer, uint64_t value, Account& source, WorkBudget& budget) {
    TRY(drain(budget)); // an earlier request of the same call may have left something
    const unsigned command = pointer % sizeof(uint64_t);
    const MachAddr place(pointer - command);
    if (command == MMU_MACHPHYS_UPDATE) {
        FrameRef held = TRY(take_reference(frame_of(place), source));
        set_m2p(held->mfn(), Pfn(value));
        return success;
    }
    if (command > MMU_PT_UPDATE_NO_TRANSLATE) return Error::no_system_call;
    const Write how = command == MMU_PT_UPDATE_PRESERVE_AD ? Write::keep_accessed_dirty : Write::plain;
    Frame* named = find_own(frame_of(place));
    if (!named) return refuse(Error::invalid, account_.id(), "mmu_update of %lx: not a frame of the domain", pointer);
    FrameWord word = named->word();
    if (word.is_used_as(FrameType::l1))
        return update_l1(slot_at(place), read_slot(slot_at(place)), Pte(value), how, source);
    if (is_page_table(word.type()) && word.uses()) return update_table(*named, slot_at(place), Pte(value), how, budget);
    return update_plain_memory(*named, place, value);
}

Status PvMmu::update_plain_memory(Frame& frame, MachAddr place, uint64_t value) {
    if (is_page_table(frame.word().type()) && frame.word().is_in_transition()) {
        // A promotion that was never finished: undo it, then it is ordinary memory.
        enqueue(frame);
        return Error::restart;
    }
    if (!frame.try_writable_use(account_))
        return refuse(Error::invalid, account_.id(), "update of %lx: neither a page table nor writable", place.value);
    __atomic_store_n(to_pointer<uint64_t>(place), value, __ATOMIC_RELAXED);
    frame.drop_writable_use();
    return success;
}

// --- by linear address ---

// The slot of the L1 entry for `virt`, or nullptr. The tables on the way are validated, so every step leads to a table;
// by way of a linear one not to an L1 in the end.
Pte* PvMmu::find_l1_slot(Mfn root, GuestVirt virt) {
    if (!is_guest_range(virt, 1)) [[unlikely]]
        return nullptr;
    Pte* slot = walk_tables(root, virt.value, 1, [](const Pte* entry, unsigned) { return read_slot(entry); });
    return slot && frame(frame_of_pointer(slot)).word().type() == FrameType::l1 ? slot : nullptr;
}

Status PvMmu::update_va_mapping(Mfn root, GuestVirt virt, Pte value, const ForeignAccess* foreign, WorkBudget& budget) {
    Holding held(lock_);
    TRY(drain(budget));
    Pte* slot = find_l1_slot(root, virt);
    if (!slot) return refuse(Error::invalid, account_.id(), "update_va_mapping of %lx: no L1 table there", virt.value);
    return write_entry(1, slot, read_slot(slot), value, Write::plain, foreign ? foreign->account() : account_, budget);
}

Pte PvMmu::find_entry(Mfn root, GuestVirt virt) {
    Holding held(lock_);
    Pte* slot = find_l1_slot(root, virt);
    return slot ? read_slot(slot) : Pte();
}

// --- trapped writes ---

Result<uint64_t> PvMmu::emulate_pt_write(Mfn root, const PtWrite& write, WorkBudget& budget) {
    const unsigned offset = write.address.value % sizeof(Pte);
    ASSERT((write.bytes == 1 || write.bytes == 2 || write.bytes == 4 || write.bytes == 8));
    if (offset + write.bytes > sizeof(Pte)) return Error::not_found;
    Holding held(lock_);
    TRY(drain(budget));
    Pte* mapping = find_l1_slot(root, write.address);
    Pte found = mapping ? read_slot(mapping) : Pte();
    if (!found.is_present() || found.is_writable()) return Error::not_found;
    Frame* table = find_own(found.mfn());
    if (!table || !table->word().is_used_as(FrameType::l1)) return Error::not_found;

    const uint64_t mask = (write.bytes == 8 ? ~uint64_t{0} : (uint64_t{1} << 8 * write.bytes) - 1) << 8 * offset;
    Pte* slot = &table_entries(found.mfn())[(write.address.value % page_size) / sizeof(Pte)];
    for (;;) {
        Pte old = read_slot(slot);
        uint64_t old_part = (old.raw & mask) >> 8 * offset;
        if (write.compares && old_part != (write.expected & (mask >> 8 * offset))) return old_part;
        Pte merged((old.raw & ~mask) | (write.value << 8 * offset & mask));
        // It fails to write only if the hardware has set accessed or dirty since.
        Status updated = update_l1(slot, old, merged, Write::if_unchanged, account_);
        if (updated.ok()) return old_part;
        if (updated.error() != Error::try_again) return updated.error();
    }
}

// --- frames of others, by reference (grants) ---
// The entry takes a reference of its own, so that it is like any other L1 entry, and the caller's reference keeps the
// frame alive until the debt of a removal is paid.

Pte* PvMmu::find_l1_slot(const EntryPlace& place) {
    if (place.is_linear) return find_l1_slot(place.root, GuestVirt(place.address));
    MachAddr entry(place.address);
    Frame* table = find_own(frame_of(entry));
    bool is_entry = entry.value % sizeof(Pte) == 0 && table && table->word().is_used_as(FrameType::l1);
    return is_entry ? slot_at(entry) : nullptr;
}

Status PvMmu::map_counted(const EntryPlace& place, Frame& mapped, Pte entry, WorkBudget& budget) {
    Holding held(lock_);
    TRY(drain(budget));
    Pte* slot = find_l1_slot(place);
    if (!slot) return refuse(Error::invalid, account_.id(), "map at %lx: no L1 entry there", place.address);
    // The token keeps the owner what it is.
    return update_l1(slot, read_slot(slot), entry, Write::plain, *mapped.owner());
}

// The slot at `place`, if it maps `expected`.
Result<Pte*> PvMmu::find_mapping(const EntryPlace& place, Mfn expected, bool writes) {
    Pte* slot = find_l1_slot(place);
    Pte entry = slot ? read_slot(slot) : Pte();
    if (!entry.is_present() || entry.mfn() != expected || entry.is_writable() != writes || !is_ram(expected))
        return refuse(Error::invalid, account_.id(), "unmap at %lx: entry %lx is none of frame %lx", place.address,
                      entry.raw, expected.value);
    return slot;
}

// Replaces the entry and gives back what it held. A flush is owed in any case: for another account's frame by our own
// rules, for the domain's own (lent to itself) because the ABI promises that an unmapped grant is out of reach.
void PvMmu::unmap_counted(Pte* slot, Pte replacement, FlushDebt& debt) {
    Pte old = read_slot(slot);
    write_slot(slot, replacement);
    debt.add(account_.users);
    Frame& named = frame(old.mfn());
    if (named.owner() == &account_)
        drop_l1_need(old, account_.users.stamp());
    else
        drop_foreign(old, named);
}

Status PvMmu::unmap_frame(EntryPlace place, Mfn expected, bool writes, FlushDebt& debt, WorkBudget& budget) {
    Holding held(lock_);
    TRY(drain(budget));
    unmap_counted(TRY(find_mapping(place, expected, writes)), Pte(), debt);
    return success;
}

Status PvMmu::unmap_and_replace(EntryPlace place, Mfn expected, bool writes, EntryPlace source, FlushDebt& debt,
                                WorkBudget& budget) {
    Holding held(lock_);
    TRY(drain(budget));
    Pte* target = TRY(find_mapping(place, expected, writes));
    Pte* moved = find_l1_slot(source);
    if (!moved || moved == target)
        return refuse(Error::invalid, account_.id(), "unmap and replace at %lx: no other L1 entry at %lx",
                      place.address, source.address);
    // What the source entry holds moves with it.
    Pte entry = read_slot(moved);
    unmap_counted(target, entry, debt);
    write_slot(moved, Pte());
    return success;
}

} // namespace skerry
