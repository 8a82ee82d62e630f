// SPDX-License-Identifier: MIT
// Reading and writing page-table entries in place. The hardware sets accessed and dirty bits at any moment; everything
// else changes only under the owner's pv_mmu lock. Every write is a locked instruction: the flush stamp that is read
// after it cannot be older than the write (docs/pv-mmu.md).
#pragma once

#include "arch/x86_64/direct_map.h"
#include "arch/x86_64/page_table_entry.h"

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
    while (!__atomic_compare_exchange_n(&slot->raw, &old.raw, (value.raw & ~kept) | (old.raw & kept), false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {}
}

} // namespace skerry
