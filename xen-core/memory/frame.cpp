// SPDX-License-Identifier: MIT
// The cold half of Frame: first writable use after another type, the end of a frame's life, and the reference tokens.
#include "memory/frame.h"

#include "memory/allocator.h"
#include "memory/frame_table.h"

namespace skerry {

bool Frame::undo(uint64_t taken) {
    uint64_t left = word_.fetch_sub(taken, std::memory_order_acq_rel) - taken;
    if (!(left & FrameWord::reference_mask)) free();
    return false;
}

bool Frame::try_writable_use_slowly(const Account& expected) {
    for (;;) {
        if (!try_reference(expected)) return false;
        uint64_t old = word_.load(std::memory_order_acquire);
        FrameWord word{old};
        if (word.type() == FrameType::writable && !word.is_in_transition()) {
            if (old & FrameWord::use_guard) return undo(FrameWord::one_reference);
            if (word_.compare_exchange_strong(old, old + FrameWord::one_use, std::memory_order_acq_rel)) return true;
        } else if (word.type() == FrameType::writable) {
            spin_wait_hook(); // another CPU is in the branch below
        } else if (word.uses() || word.is_in_transition()) {
            return undo(FrameWord::one_reference);
        } else {
            uint64_t claimed =
                (old & ~FrameWord::type_mask) | FrameWord::of(FrameType::writable) | FrameWord::transition;
            if (word_.compare_exchange_strong(old, claimed, std::memory_order_acq_rel)) {
                // Stale translations may still use it as what it was: a page table, walked by some CPU.
                owner()->users.cover(stamp_);
                word_.fetch_add(FrameWord::one_use - FrameWord::transition, std::memory_order_acq_rel);
                return true;
            }
        }
        undo(FrameWord::one_reference);
    }
}

bool Frame::release_allocation() {
    uint64_t old = word_.load(std::memory_order_relaxed);
    do {
        if (!(old & FrameWord::allocated)) return false;
    } while (!word_.compare_exchange_weak(old, old & ~FrameWord::allocated, std::memory_order_acq_rel));
    if (!(old & FrameWord::pinned)) owner()->delist(*this);
    drop_reference();
    return true;
}

void Frame::start_life(Account& owner, uint64_t word) {
    stamp_ = owner.users.covered_stamp();
    owner_.store(&owner, std::memory_order_relaxed);
    word_.store(FrameWord::ram | word, std::memory_order_release);
}

void Frame::free() {
    FrameWord word{word_.load(std::memory_order_relaxed)};
    if (word.raw & ~(FrameWord::ram | FrameWord::core | FrameWord::type_mask))
        panic("frame %lx is freed while it is in use: %lx", mfn().value, word.raw);
    Account& owner = *owner_.load(std::memory_order_relaxed);
    owner.users.cover(stamp_);
    allocator.give_block(mfn(), 0);
    if (word.raw & FrameWord::core)
        owner.uncharge_core(1);
    else
        owner.uncharge(1);
}

Result<FrameRef> take_reference(Mfn mfn, const Account& owner) {
    Frame* found = find_frame(mfn);
    if (!found || !found->try_reference(owner)) return Error::invalid;
    return FrameRef::adopt(*found);
}

Result<WritableRef> take_writable(Mfn mfn, const Account& owner) {
    Frame* found = find_frame(mfn);
    if (!found || found->owner() != &owner) return Error::invalid;
    if (!found->try_writable_use(owner)) return Error::busy;
    return WritableRef::adopt(*found);
}

} // namespace skerry
