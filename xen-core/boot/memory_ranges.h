// SPDX-License-Identifier: MIT
// Where there is memory: a usable map made from the firmware's, and the RAM that nobody has taken yet, before memory/'s
// allocator runs. Pure data, also tested on the host.
#pragma once

#include "arch/x86_64/memory_map.h"
#include "domain/range_set.h"

#include <algorithm>

namespace skerry {

// Sorts, joins adjacent entries of one kind; where two entries disagree, RAM loses.
class MemoryMapBuilder {
  public:
    // Entries in any order; one that cannot be kept is counted in dropped().
    void add(uint64_t start, uint64_t size, uint32_t kind) {
        uint64_t end;
        if (!size) return;
        if (count_ == max_memory_regions || __builtin_add_overflow(start, size, &end)) {
            ++dropped_;
            return;
        }
        bool known = kind >= 1 && kind < std::size(strength);
        raw_[count_++] = {start, size, known ? static_cast<MemoryKind>(kind) : MemoryKind::reserved};
    }

    // Call once, after the last add(). Writes at most max_memory_regions regions; returns how many.
    // Sweeps over the addresses where some entry starts or ends; each stretch between two of them has one kind.
    size_t finish(MemoryRegion* regions) {
        size_t n = 0;
        for (uint64_t position = 0, next = 0; position != end_of_space; position = next) {
            next = end_of_space;
            MemoryKind kind = nothing;
            for (const MemoryRegion& region : std::span(raw_, count_)) {
                for (uint64_t edge : {region.start, region.end()})
                    if (edge > position) next = std::min(next, edge);
                if (region.start <= position && position < region.end() && is_stronger(region.kind, kind))
                    kind = region.kind;
            }
            if (kind == nothing) continue;
            if (n && regions[n - 1].end() == position && regions[n - 1].kind == kind)
                regions[n - 1].size += next - position;
            else if (n < max_memory_regions)
                regions[n++] = {position, next - position, kind};
            else
                ++dropped_;
        }
        return n;
    }

    size_t dropped() const { return dropped_; }

  private:
    static constexpr uint64_t end_of_space = ~uint64_t{0};
    static constexpr MemoryKind nothing{0};
    // Where two entries disagree the more restrictive kind holds. By MemoryKind.
    static constexpr uint8_t strength[] = {0, 1, 4, 2, 3, 5};
    static bool is_stronger(MemoryKind a, MemoryKind b) {
        return strength[static_cast<uint32_t>(a)] > strength[static_cast<uint32_t>(b)];
    }

    size_t count_ = 0;
    size_t dropped_ = 0;
    MemoryRegion raw_[max_memory_regions]{};
};

// Frames.
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
