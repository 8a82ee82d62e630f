// SPDX-License-Identifier: MIT
// A small, bounded set of integer ranges: which I/O ports, interrupt lines or I/O memory frames a domain may use.
// Kept sorted, disjoint and merged; a change that would need more ranges than there is room for is refused whole.
#pragma once

#include "base/result.h"

#include <span>
#include <stddef.h>
#include <stdint.h>

namespace skerry {

template <size_t capacity> class RangeSet {
  public:
    struct Range {
        uint64_t first;
        uint64_t last; // inclusive
    };

    bool contains(uint64_t first, uint64_t last) const {
        for (size_t i = 0; i < count_; ++i)
            if (ranges_[i].first <= first && last <= ranges_[i].last) return true;
        return false;
    }
    bool contains(uint64_t value) const { return contains(value, value); }

    // Errors: invalid (first > last), no_space (more than `capacity` ranges would be needed; nothing changed).
    Status add(uint64_t first, uint64_t last) {
        if (first > last) return Error::invalid;
        RangeSet merged;
        Range grown{first, last};
        for (size_t i = 0; i < count_; ++i) {
            Range range = ranges_[i];
            bool touches = range.first <= (grown.last == ~uint64_t{0} ? grown.last : grown.last + 1) &&
                           grown.first <= (range.last == ~uint64_t{0} ? range.last : range.last + 1);
            if (touches)
                grown = {range.first < grown.first ? range.first : grown.first,
                         range.last > grown.last ? range.last : grown.last};
            else if (!merged.append(range))
                return Error::no_space;
        }
        if (!merged.append(grown)) return Error::no_space;
        *this = merged;
        for (size_t i = count_ - 1; i && ranges_[i - 1].first > grown.first; --i) std::swap(ranges_[i - 1], ranges_[i]);
        return success;
    }

    // Errors as for add(): taking the middle out of a range needs one more.
    Status remove(uint64_t first, uint64_t last) {
        if (first > last) return Error::invalid;
        RangeSet rest;
        for (size_t i = 0; i < count_; ++i) {
            Range range = ranges_[i];
            if (range.last < first || range.first > last) {
                if (!rest.append(range)) return Error::no_space;
                continue;
            }
            if (range.first < first && !rest.append({range.first, first - 1})) return Error::no_space;
            if (range.last > last && !rest.append({last + 1, range.last})) return Error::no_space;
        }
        *this = rest;
        return success;
    }

    size_t size() const { return count_; }
    const Range& operator[](size_t index) const { return ranges_[index]; }
    std::span<const Range> all() const { return {ranges_, count_}; }

  private:
    bool append(Range range) {
        if (count_ == capacity) return false;
        ranges_[count_++] = range;
        return true;
    }

    size_t count_ = 0;
    Range ranges_[capacity]{};
};

} // namespace skerry
