// SPDX-License-Identifier: MIT
// The pseudo-physical memory of the first domain: contiguous from frame 0, made of as few machine extents as there are.
#pragma once

#include "arch/x86_64/direct_map.h"
#include "memory/allocator.h"

namespace skerry {

class FirstDomainMemory {
  public:
    // Charges `frames` to the account. False when the machine has not so much.
    bool allocate(Account& account, uint64_t frames);

    uint64_t frames() const { return frames_; }
    // `pfn` must be below frames().
    Mfn machine_frame(uint64_t pfn) const;
    template <typename T = uint8_t> T* pointer(uint64_t pfn) const { return to_pointer<T>(machine_frame(pfn)); }
    // Copies to pseudo-physical address `to`, bytes; the range must lie inside.
    void copy(uint64_t to, const void* from, uint64_t bytes) const;

  private:
    static constexpr unsigned max_extents = 1024;
    struct Extent {
        uint64_t first_pfn;
        Mfn first_mfn;
    };
    uint64_t frames_ = 0;
    unsigned extent_count_ = 0;
    Extent extents_[max_extents];
};

} // namespace skerry
