// SPDX-License-Identifier: MIT
// A small, bounded set of integer ranges: which I/O ports, interrupt lines or I/O memory frames a domain may use.
// Kept sorted, disjoint and merged; a change that would need more ranges than there is room for is refused whole.
#pragma once

#include "base/result.h"

#include <algorithm>
#include <span>
#include <stddef.h>

namespace skerry {

template <size_t capacity> class RangeSet {
  public:
    struct Range {
        uint64_t first;
        uint64_t last; // inclusive
    };

    bool contains(uint64_t first, uint64_t last) const {
        return std::any_of(ranges_, ranges_ + count_,
                           [=](Range range) { return range.first <= first && last <= range.last; });
    }
    bool contains(uint64_t value) const { return contains(value, value); }

    // Errors: invalid (first > last), no_space (more than `capacity` ranges would be needed; nothing changed).
    Status add(uint64_t first, uint64_t last) {
        if (first > last) return Error::invalid;
        RangeSet merged;
        Range grown{first, last};
        for (Range range : all()) {
            bool is_apart = (range.last < grown.first && range.last + 1 != grown.first) ||
                            (range.first > grown.last && range.first - 1 != grown.last);
            if (is_apart)
                merged.insert(range);
            else
                grown = {std::min(range.first, grown.first), std::max(range.last, grown.last)};
        }
        merged.insert(grown);
        return become(merged);
    }

    // Errors as for add(): taking the middle out of a range needs one more.
    Status remove(uint64_t first, uint64_t last) {
        if (first > last) return Error::invalid;
        RangeSet rest;
        for (Range range : all()) {
            if (range.first < first) rest.insert({range.first, std::min(range.last, first - 1)});
            if (range.last > last) rest.insert({std::max(range.first, last + 1), range.last});
        }
        return become(rest);
    }

    size_t size() const { return count_; }
    std::span<const Range> all() const { return {ranges_, count_}; }

  private:
    void insert(Range range) {
        size_t place = count_++;
        for (; place > 0 && ranges_[place - 1].first > range.first; --place) ranges_[place] = ranges_[place - 1];
        ranges_[place] = range;
    }
    Status become(const RangeSet& changed) {
        if (changed.count_ > capacity) return Error::no_space;
        *this = changed;
        return success;
    }

    size_t count_ = 0;
    Range ranges_[capacity + 1]{}; // one change adds one at most
};

} // namespace skerry
