// SPDX-License-Identifier: MIT
// Hands out pieces of an address area, first fit, from a sorted list of free ranges in a fixed array. Pure bookkeeping,
// tested on the host.
#pragma once

#include <cstddef>
#include <cstdint>

namespace minios {

template <std::size_t most_ranges> class AddressRanges {
  public:
    constexpr AddressRanges(std::uint64_t first, std::uint64_t size) : ranges_{{first, size}}, count_(1) {}

    /// `size` bytes, or 0.
    std::uint64_t allocate(std::uint64_t size) {
        for (std::size_t i = 0; i < count_; ++i) {
            Range& range = ranges_[i];
            if (size == 0 || range.size < size) continue;
            const std::uint64_t first = range.first;
            range.first += size;
            range.size -= size;
            if (range.size == 0) remove(i);
            return first;
        }
        return 0;
    }

    /// False when the range overlaps a free one; when the array is full the address space is lost, never reused, and
    /// that is all (true).
    bool release(std::uint64_t first, std::uint64_t size) {
        std::size_t i = 0;
        while (i < count_ && ranges_[i].first < first) ++i;
        if ((i > 0 && ranges_[i - 1].first + ranges_[i - 1].size > first) ||
            (i < count_ && first + size > ranges_[i].first))
            return false;
        const bool joins_left = i > 0 && ranges_[i - 1].first + ranges_[i - 1].size == first;
        const bool joins_right = i < count_ && first + size == ranges_[i].first;
        if (joins_left) {
            ranges_[i - 1].size += size;
            if (joins_right) {
                ranges_[i - 1].size += ranges_[i].size;
                remove(i);
            }
        } else if (joins_right) {
            ranges_[i].first = first;
            ranges_[i].size += size;
        } else if (count_ < most_ranges) {
            for (std::size_t j = count_; j > i; --j) ranges_[j] = ranges_[j - 1];
            ranges_[i] = {first, size};
            ++count_;
        }
        return true;
    }

    std::size_t range_count() const { return count_; }

  private:
    struct Range {
        std::uint64_t first, size;
    };
    void remove(std::size_t i) {
        for (--count_; i < count_; ++i) ranges_[i] = ranges_[i + 1];
    }
    Range ranges_[most_ranges]{};
    std::size_t count_;
};

} // namespace minios
