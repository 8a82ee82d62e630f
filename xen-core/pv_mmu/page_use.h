// SPDX-License-Identifier: MIT
// The transition table: how a frame comes into and goes out of use as a page table or descriptor page. No other code
// changes a frame's type, but for Frame::try_writable_use_slowly (any type without uses -> writable).
//
//   state of the frame            step       becomes                      note
//   ----------------------------  ---------  ---------------------------  ---------------------------------------
//   type A, no uses               begin(T)   T in transition, progress 0  stamp covered if A is not T; takes a
//                                                                         reference
//   T in transition, progress p   progress   T in transition, progress q  entries below q hold what they need
//   T in transition               complete   T, 1 use                     that reference is now the use's
//   T, n > 0 uses                 add_use    T, n + 1 uses
//   T, n > 1 uses                 drop_use   T, n - 1 uses
//   T, 1 use                      drop_use   T in transition, 512         stamped: no walk starts to reach it any
//                                                                         more
//   T in transition, progress 0   end        T, no uses                   gives the reference back: may free it
//
// All of it under the owner's pv_mmu lock, on frames of that owner. Only references change at the same time
// (lock-free).
#pragma once

#include "arch/x86_64/page_table_entry.h"
#include "memory/frame.h"

namespace skerry::page_use {

// What begin() found.
enum class Begun : uint8_t {
    added,        // it is in use as T already, and now has one use more
    fresh,        // now in transition, progress 0: check it, then complete
    resumed,      // was suspended in transition to T: go on at word().progress()
    other_change, // suspended in transition to another type: take that apart first
    in_use,       // used as another type, or as often as can be counted
    gone,         // not `owner`'s (any more), or given up by it
};

// One more use of a frame that is in use as `type`. False: it is not, or the counts are full.
[[nodiscard]] inline bool try_add_use(Frame& frame, FrameType type) {
    constexpr uint64_t full = FrameWord::reference_guard | FrameWord::use_guard;
    FrameWord word = frame.word();
    if (!word.is_used_as(type) || (word.raw & full)) [[unlikely]]
        return false;
    frame.word_for_transition().fetch_add(FrameWord::one_held_use, std::memory_order_acq_rel);
    return true;
}

inline Begun begin(Frame& frame, FrameType type, Account& owner) {
    if (!frame.try_reference(owner)) return Begun::gone;
    // From here on the frame stays the owner's. The reference becomes that of the transition, or is given back.
    for (;;) {
        FrameWord word = frame.word();
        uint64_t old = word.raw;
        if (word.is_in_transition() || word.uses()) {
            Begun found = word.is_used_as(type)        ? Begun::added
                          : !word.is_in_transition()   ? Begun::in_use
                          : word.type() == type        ? Begun::resumed
                          : is_page_table(word.type()) ? Begun::other_change
                                                       : Begun::in_use; // about to be writable
            if (found == Begun::added && !try_add_use(frame, type)) found = Begun::in_use;
            frame.drop_reference();
            return found;
        }
        if (!word.is_allocated()) {
            // Given up by its owner, kept alive by others: it may not become what teardown would have to find.
            frame.drop_reference();
            return Begun::gone;
        }
        uint64_t claimed = (old & ~FrameWord::type_mask) | FrameWord::of(type) | FrameWord::transition;
        if (!frame.word_for_transition().compare_exchange_strong(old, claimed, std::memory_order_acq_rel)) continue;
        // Stale translations may still write to it, or walk it as a table of another level.
        if (word.type() != type) owner.users.cover(frame.stamp());
        return Begun::fresh;
    }
}

inline void set_progress(Frame& frame, unsigned progress) {
    uint64_t change = FrameWord::uses_of(progress) - FrameWord::uses_of(frame.word().progress());
    frame.word_for_transition().fetch_add(change, std::memory_order_acq_rel);
}

inline void complete(Frame& frame) {
    uint64_t change = FrameWord::one_use - FrameWord::uses_of(frame.word().progress()) - FrameWord::transition;
    frame.word_for_transition().fetch_add(change, std::memory_order_acq_rel);
}

// True: that was the last use, the frame is now in transition and has to be taken apart.
[[nodiscard]] inline bool drop_use(Frame& frame, FlushStamp now) {
    if (frame.word().uses() > 1) {
        frame.word_for_transition().fetch_sub(FrameWord::one_held_use, std::memory_order_acq_rel);
        return false;
    }
    frame.note_translation_removed(now);
    uint64_t change = FrameWord::transition + FrameWord::uses_of(page_table_entries) - FrameWord::one_use;
    frame.word_for_transition().fetch_add(change, std::memory_order_acq_rel);
    return true;
}

// All entries have given back what they held. The frame may be freed by this.
inline void end(Frame& frame) {
    set_progress(frame, 0);
    frame.word_for_transition().fetch_sub(FrameWord::transition, std::memory_order_acq_rel);
    frame.drop_reference();
}

} // namespace skerry::page_use
