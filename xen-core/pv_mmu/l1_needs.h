// SPDX-License-Identifier: MIT
// What an L1 entry holds while it stands in a validated table: a reference to the frame it names, with a writable use
// if it is writable; nothing for I/O memory. Taking and giving back, inline because every update and every pin runs
// through it.
#pragma once

#include "pv_mmu/entry_rules.h"
#include "pv_mmu/pv_mmu.h"

namespace skerry {

// `source` owns the frames that may be mapped: the domain's own account, or the one a ForeignAccess names.
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
    if (entry.mfn().value > max_mfn_value) [[unlikely]]
        return; // I/O memory
    Frame& named = frame(entry.mfn());
    if (named.owner() != &account_) [[unlikely]]
        return drop_l1_need_slowly(entry, &named);
    named.note_translation_removed(now);
    if (entry.is_writable())
        named.drop_writable_use();
    else if (named.word().type() == FrameType::segment_descriptors) [[unlikely]]
        drop_l1_need_slowly(entry, &named);
    else
        named.drop_reference();
}

} // namespace skerry
