// SPDX-License-Identifier: MIT
// Makes a usable map from the firmware's: sorted, without overlaps (where two entries disagree, RAM loses), adjacent
// entries of one kind joined. Pure data, also tested on the host.
#pragma once

#include "arch/x86_64/memory_map.h"

#include <algorithm>

namespace skerry {

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

} // namespace skerry
