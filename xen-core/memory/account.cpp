// SPDX-License-Identifier: MIT
#include "memory/account.h"

#include "memory/frame_table.h"

#include <xen/xen.h>

namespace skerry {

constinit Account core_account{DomId(DOMID_XEN), 0, ~uint64_t{0}};

Status Account::charge(uint64_t frames) {
    Holding held(lock_);
    uint64_t held_now = frames_.load(std::memory_order_relaxed);
    uint64_t limit = max_frames_.load(std::memory_order_relaxed);
    if (is_dying() || held_now > limit || frames > limit - held_now) return Error::no_memory;
    frames_.store(held_now + frames, std::memory_order_relaxed);
    return success;
}

void Account::uncharge(uint64_t frames) {
    Holding held(lock_);
    ASSERT(frames_.load(std::memory_order_relaxed) >= frames);
    frames_.fetch_sub(frames, std::memory_order_release);
}

Status Account::charge_core(uint64_t frames) {
    Holding held(lock_);
    uint64_t held_now = core_frames_.load(std::memory_order_relaxed);
    if (is_dying() || held_now > max_core_frames_ || frames > max_core_frames_ - held_now) return Error::no_memory;
    core_frames_.store(held_now + frames, std::memory_order_relaxed);
    return success;
}

void Account::uncharge_core(uint64_t frames) {
    Holding held(lock_);
    ASSERT(core_frames_.load(std::memory_order_relaxed) >= frames);
    core_frames_.fetch_sub(frames, std::memory_order_release);
}

bool Account::is_settled() const {
    Holding held(lock_);
    return frames() == 0 && core_frames() == 0;
}

void Account::enlist(uint64_t first, uint64_t count) {
    Holding held(lock_);
    for (uint64_t number = first; number < first + count; ++number) {
        Frame& added = frame(Mfn(number));
        added.previous_ = last_;
        added.next_ = nothing;
        if (last_ == nothing)
            first_ = static_cast<uint32_t>(number);
        else
            frame(Mfn(last_)).next_ = static_cast<uint32_t>(number);
        last_ = static_cast<uint32_t>(number);
    }
}

void Account::delist(Frame& removed) {
    Holding held(lock_);
    uint32_t& before = removed.previous_ == nothing ? first_ : frame(Mfn(removed.previous_)).next_;
    uint32_t& after = removed.next_ == nothing ? last_ : frame(Mfn(removed.next_)).previous_;
    before = removed.next_;
    after = removed.previous_;
}

Mfn Account::first_frame() {
    Holding held(lock_);
    return first_ == nothing ? invalid_mfn : Mfn(first_);
}

uint64_t Account::list_frames(uint64_t* numbers, uint64_t room, uint64_t skip) {
    Holding held(lock_);
    uint64_t copied = 0;
    for (uint32_t number = first_; number != nothing && copied < room; number = frame(Mfn(number)).next_)
        if (skip)
            --skip;
        else
            numbers[copied++] = number;
    return copied;
}

} // namespace skerry
