// SPDX-License-Identifier: MIT
// Page-table entries in place: reading and writing them, and what an L1 entry holds while it stands in a validated
// table.
//
// The hardware sets accessed and dirty bits at any moment; everything else changes only under the owner's pv_mmu lock.
// Every write is a locked instruction: the flush stamp that is read after it cannot be older than the write
// (docs/pv-mmu.md).
#pragma once

#include "pv_mmu/entry_rules.h"
#include "pv_mmu/page_use.h"
#include "pv_mmu/pv_mmu.h"

namespace skerry {

inline Pte* table_entries(Mfn table) { return to_pointer<Pte>(table); }
inline Pte* slot_at(MachAddr place) { return to_pointer<Pte>(place); }

inline Pte read_slot(const Pte* slot) { return Pte(__atomic_load_n(&slot->raw, __ATOMIC_RELAXED)); }
inline void write_slot(Pte* slot, Pte value) { __atomic_exchange_n(&slot->raw, value.raw, __ATOMIC_SEQ_CST); }

// Writes unless the entry is no longer `expected`.
inline bool write_slot_if(Pte* slot, Pte expected, Pte value) {
    return __atomic_compare_exchange_n(&slot->raw, &expected.raw, value.raw, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

// Writes, with the accessed and dirty bits that the entry has at that moment.
inline void write_slot_keeping_accessed_dirty(Pte* slot, Pte value) {
    constexpr uint64_t kept = pte::accessed | pte::dirty;
    Pte old = read_slot(slot);
    while (!write_slot_if(slot, old, Pte((value.raw & ~kept) | (old.raw & kept)))) old = read_slot(slot);
}

// An L1 entry holds a reference to the frame it names, with a writable use if it is writable; nothing for I/O memory.
// Inline because every update and every pin runs through it. `source` owns the frames that may be mapped: the domain's
// own account, or the one a ForeignAccess names.
[[gnu::always_inline]] inline Status PvMmu::take_l1_need(Pte entry, Account& source) {
    if (entry.mfn().value <= max_mfn_value) [[likely]] {
        Frame& named = frame(entry.mfn());
        if (entry.is_writable() ? named.try_writable_use(source) : named.try_reference(source)) [[likely]] {
            if (&source != &account_) [[unlikely]]
                source.mapped_by_others.fetch_add(1, std::memory_order_relaxed);
            return success;
        }
    }
    return take_l1_need_slowly(entry, source);
}

inline void PvMmu::drop_l1_need(Pte entry, FlushStamp now) {
    if (UNLIKELY(entry.mfn().value > max_mfn_value)) return; // I/O memory
    Frame& named = frame(entry.mfn());
    if (named.owner() != &account_) return drop_l1_need_slowly(entry, named);
    named.note_translation_removed(now);
    if (entry.is_writable())
        named.drop_writable_use();
    else if (named.word().type() == FrameType::segment_descriptors) [[unlikely]]
        drop_l1_need_slowly(entry, named);
    else
        named.drop_reference();
}

// What an entry of a validated table of `level`, which stood at `slot`, holds goes, `now` that it is removed or its
// table is taken apart.
[[gnu::always_inline]] inline void PvMmu::drop_need(unsigned level, const Pte* slot, Pte entry, FlushStamp now) {
    if (level == 1) return drop_l1_need(entry, now);
    Frame& named = frame(entry.mfn());
    if (named.word().type() == table_type(level)) [[unlikely]] {
        Frame& table = frame(frame_of_pointer(slot));
        if (&named == &table) return;
        table.add_to_linear_balance(-1);
        named.add_to_linear_balance(1);
    }
    drop_table(named);
}

} // namespace skerry
