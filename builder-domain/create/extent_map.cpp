// SPDX-License-Identifier: MIT
#include "builder-domain/create/extent_map.h"

#include <cstdlib>

namespace skerry::builder {

ExtentMap::~ExtentMap() { std::free(runs_); }

Status ExtentMap::append(minios::Mfn first, uint64_t count) {
    if (count_ != 0 && runs_[count_ - 1].first_frame + runs_[count_ - 1].count == first.value) {
        runs_[count_ - 1].count += count;
    } else {
        if (count_ == capacity_) {
            size_t capacity = capacity_ == 0 ? 64 : capacity_ * 2;
            void* grown = std::realloc(runs_, capacity * sizeof(Run));
            if (!grown) return Failure() << "no memory to note the domain's frames";
            runs_ = static_cast<Run*>(grown);
            capacity_ = capacity;
        }
        runs_[count_++] = {pages_, first.value, count};
    }
    pages_ += count;
    return {};
}

size_t ExtentMap::find(uint64_t pfn) const {
    if (recent_ + 1 < count_ && holds(recent_ + 1, pfn)) return recent_ + 1;
    size_t low = 0, high = count_; // the run lies in [low, high)
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        (runs_[middle].first_page <= pfn ? low : high) = middle;
    }
    return low;
}

} // namespace skerry::builder
