// SPDX-License-Identifier: MIT
// What keeps frames in use from outside of tables: pins, the bases of vCPUs, pages of segment descriptors (in use as
// such, every descriptor in them is one that the guest may have, and the guest cannot write them but through
// update_descriptor). And giving frames back, one at a time or all of a dying domain's.
#include "pv_mmu/entries.h"

namespace skerry {

// --- pins and bases ---

Status PvMmu::pin(Mfn mfn, unsigned level, WorkBudget& budget) {
    ASSERT(level >= 1 && level <= 4);
    Holding held(lock_);
    TRY(drain(budget));
    TRY(take_table(Pte(mfn, 0), level, budget, "pin of"));
    Frame& pinned = frame(mfn);
    if (pinned.word().is_pinned() || !pinned.word().is_allocated()) {
        drop_table(pinned);
        (void)drain(budget);
        return refuse(Error::invalid, account_.id(), "pin of %lx: pinned already, or given up", mfn.value);
    }
    pinned.word_for_transition().fetch_or(FrameWord::pinned, std::memory_order_acq_rel);
    return success;
}

Status PvMmu::unpin(Mfn mfn, WorkBudget& budget) {
    Holding held(lock_);
    TRY(drain(budget));
    Frame* pinned = find_own(mfn);
    if (!pinned || !pinned->word().is_pinned())
        return refuse(Error::invalid, account_.id(), "unpin of %lx: not pinned", mfn.value);
    pinned->clear_pin();
    drop_table(*pinned);
    (void)drain(budget);
    return success;
}

Status PvMmu::take_base(Mfn mfn, WorkBudget& budget) {
    Holding held(lock_);
    TRY(drain(budget));
    return take_table(Pte(mfn, 0), 4, budget, "new base");
}

void PvMmu::release_base(Mfn mfn, WorkBudget& budget) {
    Holding held(lock_);
    ASSERT(frame(mfn).owner() == &account_ && frame(mfn).word().is_used_as(FrameType::l4));
    drop_table(frame(mfn));
    (void)drain(budget);
}

void PvMmu::suspend_base(Mfn mfn) {
    Holding held(lock_);
    Frame& base = frame(mfn);
    ASSERT(base.owner() == &account_ && base.word().is_used_as(FrameType::l4));
    // Teardown finds only frames that are listed: one that was given up meanwhile may not wait for nobody.
    if (page_use::drop_use(base, account_.users.stamp()) && !base.word().is_allocated()) enqueue(base);
}

// --- descriptor pages ---

Status PvMmu::take_descriptor_page(Mfn mfn, WorkBudget& budget) {
    constexpr int32_t page_work = 32; // for 512 descriptors
    Holding held(lock_);
    TRY(drain(budget));
    Frame* page = find_own(mfn);
    if (!page) return Error::invalid;
    if (!budget.spend(page_work)) return Error::restart;
    switch (page_use::begin(*page, FrameType::segment_descriptors, account_)) {
    case page_use::Begun::added: return success;
    case page_use::Begun::other_change: enqueue(*page); return Error::restart;
    case page_use::Begun::fresh: break;
    default: return refuse(Error::invalid, account_.id(), "descriptor page %lx: in use otherwise", mfn.value);
    }
    uint64_t* descriptors = to_pointer<uint64_t>(mfn);
    for (unsigned i = 0; i < page_size / sizeof(uint64_t); ++i) {
        uint64_t judged = descriptors[i];
        if (!rules::judge_descriptor(judged)) {
            page_use::end(*page);
            return refuse(Error::invalid, account_.id(), "descriptor page %lx: a descriptor is refused", mfn.value);
        }
        if (judged != descriptors[i]) descriptors[i] = judged;
    }
    page_use::complete(*page);
    return success;
}

void PvMmu::release_descriptor_page_locked(Mfn mfn) {
    Frame& page = frame(mfn);
    ASSERT(page.owner() == &account_ && page.word().is_used_as(FrameType::segment_descriptors));
    if (page_use::drop_use(page, account_.users.stamp())) page_use::end(page); // it holds nothing
}

Status PvMmu::update_descriptor(MachAddr place, uint64_t descriptor, WorkBudget& budget) {
    Holding held(lock_);
    TRY(drain(budget));
    Frame* page = find_own(frame_of(place));
    if (place.value % sizeof(uint64_t) || !page || !rules::judge_descriptor(descriptor))
        return refuse(Error::invalid, account_.id(), "update_descriptor of %lx with %lx: refused", place.value,
                      descriptor);
    if (!page->word().is_used_as(FrameType::segment_descriptors)) return update_plain_memory(*page, place, descriptor);
    __atomic_store_n(to_pointer<uint64_t>(place), descriptor, __ATOMIC_RELAXED);
    return success;
}

// --- the domain's own frames ---

// The queue is empty: a table in transition is one whose promotion was never finished.
bool PvMmu::release_locked(Frame& released) {
    FrameWord word = released.word();
    if (released.owner() != &account_ || !word.is_allocated()) return false;
    if (word.is_in_transition() && is_page_table(word.type())) enqueue(released);
    clear_m2p(released.mfn());
    return released.release_allocation();
}

Status PvMmu::release_frame(Mfn mfn, WorkBudget& budget) {
    Holding held(lock_);
    TRY(drain(budget));
    Frame* released = find_frame(mfn);
    if (!released || !release_locked(*released))
        return refuse(Error::invalid, account_.id(), "release of frame %lx: not an allocated frame of the domain",
                      mfn.value);
    (void)drain(budget);
    return success;
}

Status PvMmu::relinquish(WorkBudget& budget) {
    Holding held(lock_);
    for (;;) {
        TRY(drain(budget));
        Mfn next = account_.first_frame();
        if (next == invalid_mfn) return success;
        if (!budget.spend(2)) return Error::restart;
        // It is listed: it has its owner's reference, or a pin, or both.
        Result<FrameRef> kept = take_reference(next, account_);
        ASSERT(kept.ok());
        Frame& listed = *kept.value();
        const bool given_up = !listed.word().is_allocated() || release_locked(listed);
        ASSERT(given_up);
        if (listed.word().is_pinned()) {
            listed.clear_pin();
            drop_table(listed);
        }
    }
}

} // namespace skerry
