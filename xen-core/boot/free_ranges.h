// SPDX-License-Identifier: MIT
// The RAM that nobody has taken yet, before memory/'s allocator runs: a sorted list of frame ranges. Pure data, also
// tested on the host.
#pragma once

#include "base/types.h"

#include <span>

namespace skerry {

struct FrameRange {
    uint64_t first;
    uint64_t count;

    uint64_t end() const { return first + count; }
};

class FreeRanges {
  public:
    static constexpr size_t max_ranges = 256;

    // Frames [first, first + count) become free. They must not be free already. A range that does not fit is lost (see
    // lost()).
    void add(FrameRange range);
    // Whatever of the range is free is taken.
    void remove(FrameRange range);
    // Takes `count` frames, aligned to `alignment` frames (a power of two), all below frame `limit`, as high as
    // possible. invalid_mfn when there are none.
    Mfn take(uint64_t count, uint64_t alignment = 1, uint64_t limit = ~uint64_t{0});

    std::span<const FrameRange> all() const { return {ranges_, count_}; }
    uint64_t frames() const;
    uint64_t lost() const { return lost_; }

  private:
    void insert_at(size_t index, FrameRange range);
    void erase_at(size_t index);

    FrameRange ranges_[max_ranges]{};
    size_t count_ = 0;
    uint64_t lost_ = 0;
};

} // namespace skerry
