// SPDX-License-Identifier: MIT
#include "frame_plan.h"

namespace skerry::start_in_place {
namespace {

constexpr std::uint64_t entry_bytes = sizeof(std::uint64_t);
constexpr std::uint64_t bitmap_words(std::uint64_t total) { return total / 64 + 1; }

} // namespace

FramePlan::~FramePlan() {
    if (entries_ != nullptr) {
        for (std::uint64_t to = 0; to < end_; ++to)
            if ((entries_[to] & owned_flag) != 0) memory_.release_frame(entries_[to] & frame_mask);
        memory_.release(reinterpret_cast<std::byte*>(entries_), pages_of(end_ * entry_bytes));
    }
    if (bitmap_ != nullptr)
        memory_.release(reinterpret_cast<std::byte*>(bitmap_), pages_of(bitmap_words(total_) * entry_bytes));
}

Result<void> FramePlan::create(std::uint64_t end, std::uint64_t total) {
    end_ = end;
    total_ = total;
    entries_ = reinterpret_cast<std::uint64_t*>(memory_.allocate(pages_of(end * entry_bytes)));
    bitmap_ = reinterpret_cast<std::uint64_t*>(memory_.allocate(pages_of(bitmap_words(total) * entry_bytes)));
    if (entries_ == nullptr || bitmap_ == nullptr)
        return Failure{"not enough memory left in this domain to plan its frames; frames", end};
    return {};
}

bool FramePlan::assign(std::uint64_t to, std::uint64_t from) {
    if (to >= end_ || from >= total_ || (entries_[to] & assigned_flag) != 0 || is_assigned(from)) return false;
    entries_[to] = from | assigned_flag;
    bitmap_[from / 64] |= std::uint64_t{1} << (from % 64);
    return true;
}

Result<void> FramePlan::fill() {
    for (std::uint64_t to = 0; to < end_; ++to) {
        if ((entries_[to] & assigned_flag) != 0) continue;
        const std::uint64_t from = memory_.claim_frame(to) ? to : memory_.take_frame();
        if (from == no_frame)
            return Failure{"not enough memory in this domain for its kernel; KiB missing at least",
                           (end_ - to) * (page_bytes / 1024)};
        if (!assign(to, from)) return Failure{"frame in use twice:", from};
        entries_[to] |= owned_flag;
    }
    return {};
}

std::uint64_t FramePlan::next_assigned(std::uint64_t from) const {
    while (from < total_) {
        const std::uint64_t word = bitmap_[from / 64] >> (from % 64);
        if (word != 0) return from + static_cast<std::uint64_t>(__builtin_ctzll(word));
        from = (from / 64 + 1) * 64;
    }
    return total_;
}

} // namespace skerry::start_in_place
