// SPDX-License-Identifier: MIT
// Where there is memory: a usable map made from the firmware's, and the RAM that nobody has taken yet, before memory/'s
// allocator runs. Pure data, also tested on the host.
#pragma once

#include "arch/x86_64/memory_map.h"
#include "domain/range_set.h"

namespace skerry {

// Sorts, joins adjacent entries of one kind; where two entries disagree, the more restrictive kind holds: RAM loses.
class MemoryMapBuilder {
  public:
    // Entries in any order; one that cannot be kept is counted in dropped(). Unknown kinds are reserved.
    void add(uint64_t start, uint64_t size, uint32_t kind) {
        constexpr uint8_t strength[] = {3, 0, 3, 1, 2, 4};
        uint64_t end;
        if (!size) return;
        if (__builtin_add_overflow(start, size, &end) || count_ == max_memory_regions)
            ++dropped_;
        else if (by_strength_[strength[kind < std::size(strength) ? kind : 0]].add(start, end - 1).ok())
            ++count_;
    }

    // Call once, after the last add(). The regions stay where they are.
    std::span<const MemoryRegion> finish() {
        size_t n = 0;
        for (size_t strength = std::size(kinds); strength-- > 0;)
            for (auto range : by_strength_[strength].all()) {
                for (size_t weaker = 0; weaker < strength; ++weaker)
                    dropped_ += !by_strength_[weaker].remove(range.first, range.last).ok();
                if (n < max_memory_regions)
                    regions_[n++] = {range.first, range.last - range.first + 1, kinds[strength]};
                else
                    ++dropped_;
            }
        std::ranges::sort(regions_, regions_ + n, {}, &MemoryRegion::start);
        return {regions_, n};
    }

    size_t dropped() const { return dropped_; }

  private:
    static constexpr MemoryKind kinds[] = {MemoryKind::ram, MemoryKind::acpi_tables, MemoryKind::acpi_nvs,
                                           MemoryKind::reserved, MemoryKind::unusable};
    size_t count_ = 0;
    size_t dropped_ = 0;
    // Always enough: each piece begins or ends where some entry does.
    RangeSet<2 * max_memory_regions> by_strength_[std::size(kinds)];
    MemoryRegion regions_[max_memory_regions]{};
};

// Frames.
inline constexpr size_t max_free_ranges = 256;

class FreeRanges : public RangeSet<max_free_ranges> {
  public:
    // Takes `count` frames, aligned to `alignment` frames (a power of two), all below frame `limit`, as high as
    // possible. invalid_mfn when there are none.
    Mfn take(uint64_t count, uint64_t alignment = 1, uint64_t limit = ~uint64_t{0}) {
        for (size_t i = size(); i-- > 0;) {
            Range range = all()[i];
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
