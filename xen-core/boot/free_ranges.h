// SPDX-License-Identifier: MIT
// The RAM that nobody has taken yet, before memory/'s allocator runs: ranges of frames. Pure data, also tested on the
// host.
#pragma once

#include "base/types.h"
#include "domain/range_set.h"

#include <algorithm>

namespace skerry {

inline constexpr size_t max_free_ranges = 256;

class FreeRanges : public RangeSet<max_free_ranges> {
  public:
    // Takes `count` frames, aligned to `alignment` frames (a power of two), all below frame `limit`, as high as
    // possible. invalid_mfn when there are none.
    Mfn take(uint64_t count, uint64_t alignment = 1, uint64_t limit = ~uint64_t{0}) {
        for (size_t i = size(); i-- > 0;) {
            Range range = (*this)[i];
            uint64_t end = std::min(range.last + 1, limit);
            uint64_t first = (end - count) & ~(alignment - 1);
            if (end >= count && first >= range.first && remove(first, first + count - 1).ok()) return Mfn(first);
        }
        return invalid_mfn;
    }
    uint64_t frames() const {
        uint64_t total = 0;
        for (Range range : all()) total += range.last - range.first + 1;
        return total;
    }
};

} // namespace skerry
