// SPDX-License-Identifier: MIT
// Pages: frame n is mapped at one fixed address, in the initial region or in the page area. The page area is mapped 512
// frames at a time, when first needed.
#include "frame_map.h"
#include "page_table.h"

namespace minios::pages {

namespace {

std::uint64_t region_base() { return reinterpret_cast<std::uint64_t>(minios_text_start); }

/// Maps the 512 frames around `pfn` into the page area by filling a table before it becomes one. Frames of the initial
/// region, which have their place there, get a second, read-only one here, so that what lies across the region's end is
/// contiguous somewhere.
bool map_block(std::uint64_t pfn) {
    const std::uint64_t first = pfn & ~511ull, virt = page_area + (first << page_shift);
    if (page_table::find(virt, 1).entry != nullptr) return true;
    const auto parent_exists = page_table::ensure_level(virt, 2);
    auto table_frame = frames::allocate_table();
    if (parent_exists.entry == nullptr || !table_frame) {
        if (table_frame) frames::release(*table_frame);
        return false;
    }
    auto* table = static_cast<std::uint64_t*>(address_of(*table_frame));
    for (unsigned i = 0; i < page_table::entries; ++i) {
        const std::uint64_t frame = first + i;
        const Mfn mfn = frames::mfn_of(Pfn{frame});
        const Access access = frame < frames::initial_pages() ? Access::read_only : Access::read_write;
        table[i] = mfn.value < (1ull << 40) ? page_table::leaf(mfn, access) : 0;
    }
    if (auto result = page_table::add(parent_exists, page_table::index(virt, 2), table, *table_frame); !result) {
        frames::release(*table_frame);
        return false;
    }
    return true;
}

} // namespace

void* address_of(Pfn pfn) {
    if (pfn.value < frames::initial_pages()) return reinterpret_cast<void*>(region_base() + (pfn.value << page_shift));
    if (pfn.value >= total_pages() || !map_block(pfn.value)) return nullptr;
    return reinterpret_cast<void*>(page_area + (pfn.value << page_shift));
}

const void* constant_address_of(Pfn first, std::uint64_t count) {
    if (first.value + count <= frames::initial_pages()) return address_of(first);
    for (std::uint64_t frame = first.value & ~511ull; frame < first.value + count; frame += 512)
        if (frame >= total_pages() || !map_block(frame)) return nullptr;
    return reinterpret_cast<void*>(page_area + (first.value << page_shift));
}

Pfn pfn_of(const void* address) {
    const auto virt = reinterpret_cast<std::uint64_t>(address);
    if (virt >= page_area) return Pfn{(virt - page_area) >> page_shift};
    return Pfn{(virt - region_base()) >> page_shift};
}

void* allocate(std::size_t count) {
    std::uint64_t first = frames::take_run(count, 0, frames::initial_pages());
    if (first == FrameMap::none) first = frames::take_run(count, frames::initial_pages(), total_pages());
    if (first == FrameMap::none) return nullptr;
    for (std::uint64_t frame = first & ~511ull; frame < first + count; frame += 512) {
        const std::uint64_t inside = frame < first ? first : frame;
        if (address_of(Pfn{inside}) == nullptr) {
            frames::release(Pfn{first}, count);
            return nullptr;
        }
    }
    void* address = address_of(Pfn{first});
    __builtin_memset(address, 0, count * page_size);
    return address;
}

void release(void* first, std::size_t count) { frames::release(pfn_of(first), count); }

} // namespace minios::pages
