// SPDX-License-Identifier: MIT
#include "pv_mmu/page_use.h"

namespace skerry::page_use {

Begun begin(Frame& frame, FrameType type, Account& owner) {
    if (!frame.try_reference(owner)) return Begun::gone;
    // From here on the frame stays the owner's. The reference becomes that of the transition, or is given back.
    for (;;) {
        uint64_t old = frame.word().raw;
        FrameWord word{old};
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

} // namespace skerry::page_use
