// SPDX-License-Identifier: MIT
// Which machine frames a new domain got, by pseudo-physical page: runs of consecutive pages in consecutive frames.
// Pages are added in order from 0, so the runs are sorted. A domain made of large extents needs one run for each or
// fewer; memory grows only as far as fragmentation demands.
#pragma once

#include "builder-domain/base/result.h"

#include <minios/types.h>

#include <cstdint>

namespace skerry::builder {

class ExtentMap {
  public:
    ExtentMap() = default;
    ExtentMap(const ExtentMap&) = delete;
    ExtentMap& operator=(const ExtentMap&) = delete;
    ~ExtentMap();

    // The next `count` pages lie in the frames from `first` on.
    Status append(minios::Mfn first, uint64_t count);
    uint64_t pages() const { return pages_; }

    // The frame of a page below pages(). Neighbouring calls are fast.
    minios::Mfn frame_of(uint64_t pfn) const {
        if (!holds(recent_, pfn)) [[unlikely]]
            recent_ = find(pfn);
        return minios::Mfn(runs_[recent_].first_frame + (pfn - runs_[recent_].first_page));
    }

    // The frames that follow that of page `pfn` without a gap, with it: at most `most`.
    struct Stretch {
        uint64_t first_frame;
        uint64_t count;
    };
    Stretch stretch_at(uint64_t pfn, uint64_t most) const {
        uint64_t first = frame_of(pfn).value;
        uint64_t count = runs_[recent_].count - (pfn - runs_[recent_].first_page);
        return {first, count < most ? count : most};
    }

  private:
    struct Run {
        uint64_t first_page;
        uint64_t first_frame;
        uint64_t count;
    };
    size_t find(uint64_t pfn) const;
    bool holds(size_t run, uint64_t pfn) const { return pfn - runs_[run].first_page < runs_[run].count; }

    Run* runs_ = nullptr;
    size_t count_ = 0;
    size_t capacity_ = 0;
    uint64_t pages_ = 0;
    mutable size_t recent_ = 0;
};

} // namespace skerry::builder
