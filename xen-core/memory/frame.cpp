// SPDX-License-Identifier: MIT
// The cold half of Frame: first writable use after another type, the end of a frame's life, and the reference tokens.
#include "memory/allocator.h"
#include "memory/frame_table.h"

namespace skerry {

void set_frame_limits(Mfn max, unsigned physical_address_bits) {
    // Lists link frames by 32-bit numbers, with the greatest one as their end.
    ASSERT(max.value < FrameList::none && physical_address_bits > page_shift && physical_address_bits <= 52);
    max_mfn_value = max.value;
    mfn_limit_value = uint64_t{1} << (physical_address_bits - page_shift);
}

bool Frame::try_writable_use_slowly(const Account& expected) {
    while (try_reference(expected)) {
        FrameRef held = FrameRef::adopt(*this);
        FrameWord word = this->word();
        uint64_t old = word.raw;
        bool done = false;
        if (word.type() == FrameType::writable && !word.is_in_transition()) {
            if (old & FrameWord::use_guard) return false;
            done = word_.compare_exchange_strong(old, old + FrameWord::one_use, std::memory_order_acq_rel);
        } else if (word.type() == FrameType::writable) {
            spin_wait_hook(); // another CPU is in the last branch
        } else if (word.uses() || word.is_in_transition()) {
            return false;
        } else {
            uint64_t claimed =
                (old & ~FrameWord::type_mask) | FrameWord::of(FrameType::writable) | FrameWord::transition;
            done = word_.compare_exchange_strong(old, claimed, std::memory_order_acq_rel);
            if (done) {
                // Stale translations may still use it as what it was: a page table, walked by some CPU.
                owner()->users.cover(stamp_);
                word_.fetch_add(FrameWord::one_use - FrameWord::transition, std::memory_order_acq_rel);
            }
        }
        if (done) {
            held.release(); // it is the use's now
            return true;
        }
    }
    return false;
}

void Frame::free() {
    FrameWord word{word_.load(std::memory_order_relaxed)};
    if (word.raw & ~(FrameWord::ram | FrameWord::core | FrameWord::type_mask))
        panic("frame %lx is freed while it is in use: %lx", mfn().value, word.raw);
    Account& owner = *owner_.load(std::memory_order_relaxed);
    owner.users.cover(stamp_);
    allocator.give_block(mfn(), 0);
    owner.uncharge(word.raw & FrameWord::core ? Account::Purpose::core : Account::Purpose::guest, 1);
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

Status hold_frame(Mfn mfn, const Account& owner, bool writes) {
    if (writes)
        TRY_AS(take_writable(mfn, owner), Error::busy).release();
    else
        TRY_AS(take_reference(mfn, owner), Error::busy).release();
    return success;
}

void drop_held_frame(Mfn mfn, bool writes) { writes ? frame(mfn).drop_writable_use() : frame(mfn).drop_reference(); }

} // namespace skerry
