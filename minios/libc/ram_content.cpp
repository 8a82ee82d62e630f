// SPDX-License-Identifier: MIT
#include "ram_content.h"

#include <minios/memory.h>
#include <minios/start.h>

#include <errno.h>
#include <string.h>

namespace minios::libc {

namespace {

constexpr std::size_t smallest = 256, largest_in_heap = 16 * 1024;
constexpr std::size_t smallest_growth = 64 * 1024, smallest_space = 64 << 20;

std::size_t in_pages(std::size_t size) { return (size + page_size - 1) & ~(page_size - 1); }

void must(Result<void> result) {
    if (!result) panic("libc: a file's memory cannot be changed: %s", error_name(result.error()));
}

} // namespace

void RamContent::show(const char* data, std::size_t count) {
    bytes = data;
    size = count;
}

int RamContent::reserve(std::size_t wanted) {
    if (foreign()) return -EROFS;
    if (wanted <= capacity_) return 0;
    return space_ == 0 && wanted <= largest_in_heap ? reserve_in_heap(wanted) : reserve_pages(wanted);
}

int RamContent::reserve_in_heap(std::size_t wanted) {
    std::size_t larger = capacity_ < smallest ? smallest : capacity_ * 2;
    if (larger < wanted) larger = wanted;
    void* memory = heap::allocate_zeroed(larger);
    if (memory == nullptr && larger > wanted) memory = heap::allocate_zeroed(larger = wanted);
    if (memory == nullptr) return -ENOSPC;
    if (size != 0) memcpy(memory, bytes, size);
    heap::release(data());
    bytes = memory;
    capacity_ = larger;
    return 0;
}

int RamContent::reserve_pages(std::size_t wanted) {
    if (wanted > space_) return move_to_pages(wanted);
    const std::size_t needed = in_pages(wanted) - capacity_, left = space_ - capacity_;
    std::size_t more = capacity_ / 4 > smallest_growth ? in_pages(capacity_ / 4) : smallest_growth;
    more = more > left ? left : more;
    if (more < needed || !regions::protect(data() + capacity_, more, regions::Protection::read_write)) {
        more = needed;
        if (!regions::protect(data() + capacity_, more, regions::Protection::read_write)) return -ENOSPC;
    }
    capacity_ += more;
    return 0;
}

/// To address space that no file of this domain outgrows soon: as large as its memory, or 16 times the file.
int RamContent::move_to_pages(std::size_t wanted) {
    std::size_t space = wanted < SIZE_MAX / 32 ? in_pages(wanted) * 16 : 0;
    const std::size_t memory = total_pages() * page_size;
    if (space < smallest_space) space = smallest_space;
    if (space > memory) space = memory;
    if (wanted > space) return -ENOSPC;
    auto reserved = regions::map({.size = space, .protection = regions::Protection::none});
    if (!reserved) return -ENOSPC;
    const std::size_t capacity = in_pages(wanted != 0 ? wanted : 1);
    if (!regions::protect(*reserved, capacity, regions::Protection::read_write)) {
        must(regions::unmap(*reserved, space));
        return -ENOSPC;
    }
    if (size != 0) memcpy(*reserved, bytes, size);
    regions::forget(*this, 0);
    const std::size_t length = size;
    give_back();
    bytes = *reserved;
    size = length;
    capacity_ = capacity;
    space_ = space;
    in_pages_of_its_own = true;
    return 0;
}

void RamContent::clear_rest_of_page() {
    if (regions == 0 || size % page_size == 0) return;
    memset(data() + size, 0, in_pages(size) - size);
}

int RamContent::resize(std::size_t wanted) {
    if (const int error = reserve(wanted); error != 0) return error;
    if (wanted < size) {
        const std::size_t old = size;
        size = wanted;
        const std::size_t kept = in_pages(wanted) < capacity_ ? in_pages(wanted) : capacity_;
        memset(data() + wanted, 0, (old < kept ? old : kept) - wanted);
        if (space_ != 0)
            give_back_behind(kept);
        else if (old > kept)
            memset(data() + kept, 0, old - kept);
    } else {
        clear_rest_of_page();
        size = wanted;
    }
    return 0;
}

void RamContent::give_back_behind(std::size_t kept) {
    if (kept < page_size) kept = page_size;
    if (kept >= capacity_) return;
    regions::forget(*this, kept);
    auto result = regions::map({.size = capacity_ - kept,
                                .protection = regions::Protection::none,
                                .placement = regions::Placement::replacing,
                                .address = data() + kept});
    // Where there is no memory even for the record, the pages stay, empty.
    if (result)
        capacity_ = kept;
    else
        memset(data() + kept, 0, capacity_ - kept);
}

int RamContent::make_mappable() { return foreign() || space_ != 0 ? 0 : move_to_pages(size); }

void RamContent::give_back() {
    if (space_ != 0)
        must(regions::unmap(data(), space_));
    else if (capacity_ != 0)
        heap::release(data());
    bytes = nullptr;
    size = capacity_ = space_ = 0;
    in_pages_of_its_own = false;
}

} // namespace minios::libc
