// SPDX-License-Identifier: MIT
#include "region_map.h"

namespace minios {

std::size_t RegionMap::first_above(std::uint64_t address) const {
    std::size_t below = 0, above = count_;
    while (below < above) {
        const std::size_t middle = (below + above) / 2;
        if (regions_[middle].end > address)
            above = middle;
        else
            below = middle + 1;
    }
    return below;
}

std::size_t RegionMap::find(std::uint64_t address) const {
    const std::size_t i = first_above(address);
    return i < count_ && regions_[i].first <= address ? i : none;
}

bool RegionMap::is_free(std::uint64_t first, std::uint64_t end) const {
    const std::size_t i = first_above(first);
    return i == count_ || regions_[i].first >= end;
}

std::uint64_t RegionMap::gap(std::uint64_t size, std::uint64_t from, std::uint64_t to) const {
    for (std::size_t i = first_above(from); from < to && size <= to - from; ++i) {
        const std::uint64_t next = i < count_ && regions_[i].first < to ? regions_[i].first : to;
        if (next > from && next - from >= size) return from;
        if (next == to) break;
        from = regions_[i].end;
    }
    return 0;
}

bool RegionMap::make_room(std::size_t more) {
    if (count_ + more <= capacity_) return true;
    std::size_t larger = capacity_ * 2;
    while (larger < count_ + more) larger *= 2;
    Region* memory = allocate_(larger);
    if (memory == nullptr) return false;
    for (std::size_t i = 0; i < count_; ++i) memory[i] = regions_[i];
    if (regions_ != own_) release_(regions_, capacity_);
    regions_ = memory;
    capacity_ = larger;
    return true;
}

std::size_t RegionMap::insert(const Region& region) {
    std::size_t at = count_++;
    for (; at > 0 && regions_[at - 1].first > region.first; --at) regions_[at] = regions_[at - 1];
    regions_[at] = region;
    return at;
}

void RegionMap::erase(std::size_t i) {
    for (--count_; i < count_; ++i) regions_[i] = regions_[i + 1];
}

void RegionMap::split(std::size_t i, std::uint64_t address, std::uint64_t upper_tables) {
    Region upper = regions_[i];
    upper.offset = upper.offset_of(address);
    upper.first = address;
    upper.tables = upper_tables;
    regions_[i].end = address;
    regions_[i].tables -= upper_tables;
    (void)insert(upper);
}

bool RegionMap::merge_with_previous(std::size_t i) {
    if (i == 0 || i >= count_ || !regions_[i - 1].continues_in(regions_[i])) return false;
    regions_[i - 1].end = regions_[i].end;
    regions_[i - 1].tables += regions_[i].tables;
    erase(i);
    return true;
}

} // namespace minios
