// SPDX-License-Identifier: MIT
#include "memory/frame_table.h"

#include <xen/xen.h>

namespace skerry {

constinit Account core_account{DomId(DOMID_XEN), 0, ~uint64_t{0}};

void TranslationUsers::flush() {
    // The increment is a full fence: a CPU that enters after the set is read below sees all removals made before.
    FlushStamp mine = started_.fetch_add(1, std::memory_order_seq_cst) + 1;
    flush_tlb(cpus_);
    FlushStamp seen = completed_.load(std::memory_order_relaxed);
    while (static_cast<int32_t>(mine - seen) > 0 &&
           !completed_.compare_exchange_weak(seen, mine, std::memory_order_release, std::memory_order_relaxed)) {}
}

bool Account::is_settled() const {
    Holding held(lock_);
    return frames() == 0 && core_frames() == 0;
}

void Account::enlist(Mfn first, uint64_t frames) {
    Holding held(lock_);
    for (uint64_t i = 0; i < frames; ++i) listed_.append(frame(first + i));
}

void Account::delist(Frame& frame) {
    Holding held(lock_);
    listed_.remove(frame);
}

Mfn Account::first_frame() {
    Holding held(lock_);
    return listed_.first() == FrameList::none ? invalid_mfn : Mfn(listed_.first());
}

uint64_t Account::list_frames(uint64_t* numbers, uint64_t room, uint64_t skip) {
    Holding held(lock_);
    uint64_t copied = 0;
    for (uint32_t number = listed_.first(); number != FrameList::none && copied < room;
         number = frame(Mfn(number)).next_)
        if (skip)
            --skip;
        else
            numbers[copied++] = number;
    return copied;
}

} // namespace skerry
