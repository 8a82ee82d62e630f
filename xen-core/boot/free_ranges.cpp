// SPDX-License-Identifier: MIT
#include "boot/free_ranges.h"

namespace skerry {

void FreeRanges::insert_at(size_t index, FrameRange range) {
    if (count_ == max_ranges) {
        lost_ += range.count;
        return;
    }
    for (size_t i = count_++; i > index; --i) ranges_[i] = ranges_[i - 1];
    ranges_[index] = range;
}

void FreeRanges::erase_at(size_t index) {
    --count_;
    for (size_t i = index; i < count_; ++i) ranges_[i] = ranges_[i + 1];
}

void FreeRanges::add(FrameRange range) {
    if (!range.count) return;
    size_t index = 0;
    while (index < count_ && ranges_[index].first < range.first) ++index;
    if (index && ranges_[index - 1].end() == range.first) { // grows its neighbour below
        ranges_[index - 1].count += range.count;
        if (index < count_ && ranges_[index - 1].end() == ranges_[index].first) {
            ranges_[index - 1].count += ranges_[index].count;
            erase_at(index);
        }
    } else if (index < count_ && range.end() == ranges_[index].first) {
        ranges_[index] = {range.first, range.count + ranges_[index].count};
    } else {
        insert_at(index, range);
    }
}

void FreeRanges::remove(FrameRange range) {
    if (!range.count) return;
    for (size_t i = 0; i < count_;) {
        FrameRange old = ranges_[i];
        if (range.first >= old.end() || range.end() <= old.first) {
            ++i;
            continue;
        }
        erase_at(i);
        if (range.first > old.first) insert_at(i++, {old.first, range.first - old.first});
        if (range.end() < old.end()) insert_at(i++, {range.end(), old.end() - range.end()});
    }
}

Mfn FreeRanges::take(uint64_t count, uint64_t alignment, uint64_t limit) {
    for (size_t i = count_; i-- > 0;) {
        FrameRange range = ranges_[i];
        uint64_t end = range.end() < limit ? range.end() : limit;
        if (end < count) continue;
        uint64_t first = (end - count) & ~(alignment - 1);
        if (first < range.first) continue;
        remove({first, count});
        return Mfn(first);
    }
    return invalid_mfn;
}

uint64_t FreeRanges::frames() const {
    uint64_t total = 0;
    for (const FrameRange& range : all()) total += range.count;
    return total;
}

} // namespace skerry
