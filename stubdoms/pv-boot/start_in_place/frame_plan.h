// SPDX-License-Identifier: MIT
// Which of the domain's frames becomes which pseudo-physical frame of the kernel. Nothing is moved: frames are renamed,
// by the new p2m list and by machine-to-physical updates.
//
// The kernel's frames [0, end) are each assigned one present frame. A present frame inside [0, end) that was not
// assigned is displaced: it takes the number of an assigned frame from outside. So the new numbering is a permutation
// of the old one, and no frame is lost. Invariant: a present frame is assigned at most once.
#pragma once

#include "result.h"
#include "workspace.h"

namespace skerry::start_in_place {

class FramePlan {
  public:
    explicit FramePlan(DomainMemory& memory) : memory_(memory) {}
    FramePlan(const FramePlan&) = delete;
    FramePlan& operator=(const FramePlan&) = delete;
    ~FramePlan(); // gives back what fill() took

    /// Room for assignments of [0, end) out of total frames.
    Result<void> create(std::uint64_t end, std::uint64_t total);

    /// Kernel frame `to` will be present frame `from`. False when `to` has one already, or `from` is taken or does not
    /// exist.
    [[nodiscard]] bool assign(std::uint64_t to, std::uint64_t from);

    /// Assigns unused frames to all that have none: the frame of the same number where possible.
    Result<void> fill();

    /// The present frame that becomes kernel frame `to`. After fill(); `to` < end.
    std::uint64_t source(std::uint64_t to) const { return entries_[to] & frame_mask; }
    std::uint64_t machine_frame(std::uint64_t to) const { return memory_.machine_frame(source(to)); }
    std::uint64_t end() const { return end_; }

    /// Calls visit(kernel frame, machine frame) for every frame whose number changes. After fill().
    template <class Visit> void for_each_change(Visit visit) const {
        for (std::uint64_t to = 0; to < end_; ++to)
            if (source(to) != to) visit(to, machine_frame(to));
        std::uint64_t displaced = 0;
        for (std::uint64_t to = next_assigned(end_); to < total_; to = next_assigned(to + 1)) {
            while (is_assigned(displaced)) ++displaced;
            visit(to, memory_.machine_frame(displaced++));
        }
    }

  private:
    static constexpr std::uint64_t frame_mask = (std::uint64_t{1} << 52) - 1;
    static constexpr std::uint64_t assigned_flag = std::uint64_t{1} << 62, owned_flag = std::uint64_t{1} << 63;

    bool is_assigned(std::uint64_t from) const { return (bitmap_[from / 64] >> (from % 64) & 1) != 0; }
    std::uint64_t next_assigned(std::uint64_t from) const;

    DomainMemory& memory_;
    std::uint64_t* entries_ = nullptr; // by kernel frame: present frame and flags
    std::uint64_t* bitmap_ = nullptr;  // by present frame: assigned to some kernel frame
    std::uint64_t end_ = 0, total_ = 0;
};

} // namespace skerry::start_in_place
