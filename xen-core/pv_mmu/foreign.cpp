// SPDX-License-Identifier: MIT
// Mapping frames by reference (grants): the entry takes a reference of its own, so that it is like any other L1 entry,
// and the caller's reference keeps the frame alive until the debt of a removal is paid.
#include "pv_mmu/entry_rules.h"
#include "pv_mmu/l1_needs.h"
#include "pv_mmu/pv_mmu.h"
#include "pv_mmu/slot.h"

namespace skerry {

Pte* PvMmu::find_l1_slot(const EntryPlace& place) {
    if (place.is_linear) return find_l1_slot(place.root, GuestVirt(place.address));
    MachAddr entry(place.address);
    Frame* table = find_frame(frame_of(entry));
    if (entry.value % sizeof(Pte) || !table || table->owner() != &account_ || !table->word().is_used_as(FrameType::l1))
        return nullptr;
    return slot_at(entry);
}

Status PvMmu::map_frame(EntryPlace place, const FrameRef& frame, uint64_t flags, WorkBudget& budget) {
    return map_counted(place, frame.frame(), Pte(frame.mfn(), (flags & ~pte::writable) | pte::present), budget);
}

Status PvMmu::map_frame(EntryPlace place, const WritableRef& frame, uint64_t flags, WorkBudget& budget) {
    return map_counted(place, frame.frame(), Pte(frame.mfn(), flags | pte::writable | pte::present), budget);
}

Status PvMmu::map_counted(const EntryPlace& place, Frame& mapped, Pte entry, WorkBudget& budget) {
    Holding held(lock_);
    TRY_STATUS(drain(budget));
    Pte* slot = find_l1_slot(place);
    if (!slot) {
        log_refusal(account_.id(), "map at %lx: no L1 entry there", place.address);
        return Error::invalid;
    }
    // The token keeps the owner what it is.
    return update_l1(slot, read_slot(slot), entry, Write::plain, *mapped.owner());
}

// The slot at `place`, if it maps `expected`.
Result<Pte*> PvMmu::find_mapping(const EntryPlace& place, Mfn expected) {
    Pte* slot = find_l1_slot(place);
    Pte entry = slot ? read_slot(slot) : Pte();
    if (!entry.is_present() || entry.mfn() != expected || !is_ram(expected)) {
        log_refusal(account_.id(), "unmap at %lx: entry %lx does not map frame %lx", place.address, entry.raw,
                    expected.value);
        return Error::invalid;
    }
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
    else if (old.is_writable())
        named.drop_writable_use();
    else
        named.drop_reference();
}

Status PvMmu::unmap_frame(EntryPlace place, Mfn expected, FlushDebt& debt, WorkBudget& budget) {
    Holding held(lock_);
    TRY_STATUS(drain(budget));
    unmap_counted(TRY(find_mapping(place, expected)), Pte(), debt);
    return success;
}

Status PvMmu::unmap_and_replace(EntryPlace place, Mfn expected, EntryPlace source, FlushDebt& debt,
                                WorkBudget& budget) {
    Holding held(lock_);
    TRY_STATUS(drain(budget));
    Pte* target = TRY(find_mapping(place, expected));
    Pte* moved = find_l1_slot(source);
    if (!moved || moved == target) {
        log_refusal(account_.id(), "unmap and replace at %lx: no other L1 entry at %lx", place.address, source.address);
        return Error::invalid;
    }
    // What the source entry holds moves with it.
    Pte entry = read_slot(moved);
    unmap_counted(target, entry, debt);
    write_slot(moved, Pte());
    return success;
}

} // namespace skerry
