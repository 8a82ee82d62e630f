// SPDX-License-Identifier: MIT
// What keeps tables in use from outside of other tables: pins and the bases of vCPUs.
#include "pv_mmu/page_use.h"
#include "pv_mmu/pv_mmu.h"

#include "arch/x86_64/direct_map.h"

namespace skerry {

Status PvMmu::pin(Mfn mfn, unsigned level, WorkBudget& budget) {
    ASSERT(level >= 1 && level <= 4);
    Holding held(lock_);
    TRY_STATUS(drain(budget));
    TRY_STATUS(take_table(mfn, level, budget, "pin of"));
    Frame& pinned = frame(mfn);
    if (pinned.word().is_pinned() || !pinned.word().is_allocated()) {
        drop_table(pinned);
        (void)drain(budget);
        log_refusal(account_.id(), "pin of %lx: pinned already, or given up", mfn.value);
        return Error::invalid;
    }
    pinned.word_for_transition().fetch_or(FrameWord::pinned, std::memory_order_acq_rel);
    return success;
}

Status PvMmu::unpin(Mfn mfn, WorkBudget& budget) {
    Holding held(lock_);
    TRY_STATUS(drain(budget));
    Frame* pinned = find_frame(mfn);
    if (!pinned || pinned->owner() != &account_ || !pinned->word().is_pinned()) {
        log_refusal(account_.id(), "unpin of %lx: not pinned", mfn.value);
        return Error::invalid;
    }
    pinned->clear_pin();
    drop_table(*pinned);
    (void)drain(budget);
    return success;
}

Status PvMmu::take_base(Mfn mfn, WorkBudget& budget) {
    Holding held(lock_);
    TRY_STATUS(drain(budget));
    return take_table(mfn, 4, budget, "new base");
}

void PvMmu::release_base(Mfn mfn, WorkBudget& budget) {
    Holding held(lock_);
    ASSERT(frame(mfn).owner() == &account_ && frame(mfn).word().is_used_as(FrameType::l4));
    drop_table(frame(mfn));
    (void)drain(budget);
}

Status PvMmu::clear_frame(Mfn mfn) {
    WritableRef cleared = TRY(take_writable(mfn, account_));
    __builtin_memset(to_pointer(mfn), 0, page_size);
    return success;
}

Status PvMmu::copy_frame(Mfn to, Mfn from) {
    FrameRef source = TRY(take_reference(from, account_));
    WritableRef target = TRY(take_writable(to, account_));
    __builtin_memcpy(to_pointer(to), to_pointer(from), page_size);
    return success;
}

} // namespace skerry
