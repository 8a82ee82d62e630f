// SPDX-License-Identifier: MIT
// Which ranges of addresses are memory that comes on touch, and of which kind: an array ordered by address. Neighbours
// of the same kind are one region. Pure bookkeeping, tested on the host.
//
// Indices and pointers into the map hold until the next insert, split, erase or merge. Who is about to change it says
// first how many more regions there may be (make_room): the changes themselves cannot fail.
#pragma once

#include <minios/regions.h>

#include <cstddef>
#include <cstdint>

namespace minios {

struct Region {
    std::uint64_t first = 0, end = 0; ///< whole pages
    regions::Content* content = nullptr;
    std::uint64_t offset = 0; ///< of `first` in the content
    std::uint64_t tables = 0; ///< frames promised for page tables below it that are not made yet
    regions::Protection protection = regions::Protection::none;
    bool shared = false;   ///< writes go to the content
    bool promised = false; ///< every page has a frame or the promise of one
    bool lazy = false;     ///< never promised: a touch may find no memory
    bool never_written = false;

    std::uint64_t pages() const { return (end - first) >> page_shift; }
    std::uint64_t offset_of(std::uint64_t address) const { return offset + (address - first); }
    /// Could this and `next`, which begins where this ends, be one?
    bool continues_in(const Region& next) const {
        return end == next.first && content == next.content && protection == next.protection && shared == next.shared &&
               promised == next.promised && lazy == next.lazy && never_written == next.never_written &&
               (content == nullptr || offset_of(end) == next.offset);
    }
};

class RegionMap {
  public:
    static constexpr std::size_t none = ~std::size_t{0};
    /// Memory for `count` regions, or nullptr; and back.
    using Allocate = Region* (*)(std::size_t count);
    using Release = void (*)(Region* memory, std::size_t count);

    /// `memory`, for the first regions, is not given to `release`.
    constexpr RegionMap(Region* memory, std::size_t capacity, Allocate allocate, Release release)
        : regions_(memory), capacity_(capacity), own_(memory), allocate_(allocate), release_(release) {}

    std::size_t size() const { return count_; }
    Region& operator[](std::size_t i) { return regions_[i]; }

    /// The index of the region that holds `address`, or none.
    std::size_t find(std::uint64_t address) const;
    /// The first region that ends above `address`; size() when there is none.
    std::size_t first_above(std::uint64_t address) const;
    /// The lowest address in [from, to) with `size` bytes of no region; 0 when there is none.
    std::uint64_t gap(std::uint64_t size, std::uint64_t from, std::uint64_t to) const;
    bool is_free(std::uint64_t first, std::uint64_t end) const;

    /// Memory for `more` further regions; false when there is none.
    bool make_room(std::size_t more);
    /// Overlaps nothing. Its index.
    std::size_t insert(const Region& region);
    void erase(std::size_t i);
    /// Cuts a region in two at `address`, inside it. The upper part is i + 1 and has `upper_tables` of its tables. The
    /// content's count of references is the caller's.
    void split(std::size_t i, std::uint64_t address, std::uint64_t upper_tables);
    /// Joins i with the region before it; false when they are not of one kind.
    bool merge_with_previous(std::size_t i);

  private:
    Region* regions_;
    std::size_t count_ = 0, capacity_;
    Region* own_;
    Allocate allocate_;
    Release release_;
};

} // namespace minios
