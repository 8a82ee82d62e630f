// SPDX-License-Identifier: MIT
// Makes a usable map from the firmware's: sorted, without overlaps (where two entries disagree, RAM loses), adjacent
// entries of one kind joined. Pure data, also tested on the host.
#pragma once

#include "arch/x86_64/memory_map.h"

namespace skerry {

class MemoryMapBuilder {
  public:
    // Entries in any order; one that cannot be kept is counted in dropped().
    void add(uint64_t start, uint64_t size, uint32_t kind);
    // Call once, after the last add(). Writes at most max_memory_regions regions; returns how many.
    size_t finish(MemoryRegion* regions);
    size_t dropped() const { return dropped_; }

  private:
    size_t count_ = 0;
    size_t dropped_ = 0;
    MemoryRegion raw_[max_memory_regions]{};
};

} // namespace skerry
