// SPDX-License-Identifier: MIT
// Giving frames back, one at a time or all of a dying domain's.
#include "pv_mmu/page_use.h"
#include "pv_mmu/pv_mmu.h"

namespace skerry {

// The queue is empty: a table in transition is one whose promotion was never finished.
Status PvMmu::release_locked(Frame& released) {
    FrameWord word = released.word();
    if (released.owner() != &account_ || !word.is_allocated()) return Error::invalid;
    if (word.is_in_transition() && is_page_table(word.type())) enqueue(released);
    clear_m2p(released.mfn());
    return released.release_allocation() ? success : Status(Error::invalid);
}

Status PvMmu::release_frame(Mfn mfn, WorkBudget& budget) {
    Holding held(lock_);
    TRY_STATUS(drain(budget));
    Frame* released = find_frame(mfn);
    Status result = released ? release_locked(*released) : Status(Error::invalid);
    if (!result.ok())
        log_refusal(account_.id(), "release of frame %lx: not an allocated frame of the domain", mfn.value);
    (void)drain(budget);
    return result;
}

Status PvMmu::relinquish(WorkBudget& budget) {
    Holding held(lock_);
    for (;;) {
        TRY_STATUS(drain(budget));
        Mfn next = account_.first_frame();
        if (next == invalid_mfn) return success;
        if (!budget.spend(2)) return Error::restart;
        relinquish_one(frame(next));
    }
}

// The frame is listed: it has its owner's reference, or a pin, or both.
void PvMmu::relinquish_one(Frame& listed) {
    bool taken = listed.try_reference(account_);
    ASSERT(taken);
    FrameRef held = FrameRef::adopt(listed);
    if (listed.word().is_allocated()) {
        Status released = release_locked(listed);
        ASSERT(released.ok());
    }
    if (listed.word().is_pinned()) {
        listed.clear_pin();
        drop_table(listed);
    }
}

Status PvMmu::settle(WorkBudget& budget) {
    Holding held(lock_);
    return drain(budget);
}

} // namespace skerry
