// SPDX-License-Identifier: MIT
#include "boot/first_domain_memory.h"

#include <string.h>

namespace skerry {

bool FirstDomainMemory::allocate(Account& account, uint64_t frames) {
    unsigned order = max_order;
    while (frames_ < frames && extent_count_ < max_extents) {
        while (order > 0 && uint64_t{1} << order > frames - frames_) --order;
        Result<Mfn> extent = allocator.allocate(account, order);
        if (!extent.ok()) {
            if (order == 0) return false;
            --order;
            continue;
        }
        extents_[extent_count_++] = {frames_, extent.value()};
        frames_ += uint64_t{1} << order;
    }
    return frames_ == frames;
}

Mfn FirstDomainMemory::machine_frame(uint64_t pfn) const {
    ASSERT(pfn < frames_);
    unsigned low = 0, high = extent_count_;
    while (high - low > 1) {
        unsigned middle = (low + high) / 2;
        (extents_[middle].first_pfn <= pfn ? low : high) = middle;
    }
    return extents_[low].first_mfn + (pfn - extents_[low].first_pfn);
}

void FirstDomainMemory::copy(uint64_t to, const void* from, uint64_t bytes) const {
    const uint8_t* source = static_cast<const uint8_t*>(from);
    while (bytes > 0) {
        uint64_t offset = to % page_size;
        uint64_t now = page_size - offset < bytes ? page_size - offset : bytes;
        memcpy(pointer(to >> page_shift) + offset, source, now);
        to += now;
        source += now;
        bytes -= now;
    }
}

} // namespace skerry
