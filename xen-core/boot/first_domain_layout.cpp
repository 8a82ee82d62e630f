// SPDX-License-Identifier: MIT
#include "boot/first_domain_layout.h"

#include "arch/x86_64/page_table_entry.h"

namespace skerry {
namespace {

constexpr uint64_t region_alignment = (4ull << 20) >> page_shift; // frames
constexpr uint64_t least_padding = (512ull << 10) >> page_shift;

constexpr uint64_t frames_of(uint64_t bytes) { return (bytes + page_size - 1) >> page_shift; }
constexpr uint64_t round_up(uint64_t value, uint64_t step) { return (value + step - 1) / step * step; }

} // namespace

uint64_t tables_for_range(uint64_t start, uint64_t end) {
    uint64_t tables = 0;
    for (unsigned level = 1; level <= 3; ++level) {
        unsigned shift = level_shift(level + 1); // what one table of this level covers
        tables += ((end - 1) >> shift) - (start >> shift) + 1;
    }
    return tables;
}

Result<FirstDomainLayout> plan_first_domain(const PvImage& image, uint64_t memory_frames, uint64_t module_bytes) {
    FirstDomainLayout layout;
    layout.virt_base = image.virt_base;
    layout.modules_unmapped = image.mod_start_pfn && module_bytes > 0;
    layout.p2m_virt = image.init_p2m == PvImage::no_address ? 0 : image.init_p2m;
    uint64_t p2m_frames = frames_of(memory_frames * sizeof(uint64_t));

    // One piece after the other.
    uint64_t next = frames_of(image.kernel_end - image.virt_base);
    auto take = [&](uint64_t frames) { return FirstDomainLayout::Piece{std::exchange(next, next + frames), frames}; };
    if (!layout.modules_unmapped) layout.modules = take(frames_of(module_bytes));
    if (!layout.p2m_virt) layout.p2m = take(p2m_frames);
    layout.start_info = take(1);

    // The tables map themselves too: grow the region until they cover it.
    uint64_t tables_at = next;
    for (uint64_t needed = 1; layout.page_tables.frames < needed;) {
        next = tables_at;
        layout.page_tables = take(needed);
        layout.stack = take(1);
        layout.region_frames = round_up(next + least_padding, region_alignment);
        needed = tables_for_range(layout.virt_base, layout.virt(layout.region_frames)) + 1; // and the L4
    }

    next = layout.region_frames;
    if (layout.modules_unmapped) layout.modules = take(frames_of(module_bytes));
    if (layout.p2m_virt) {
        layout.p2m_tables = take(tables_for_range(layout.p2m_virt, layout.p2m_virt + (p2m_frames << page_shift)));
        layout.p2m = take(p2m_frames);
    }
    layout.needed_frames = next;
    if (layout.needed_frames > memory_frames) return Error::no_memory;
    return layout;
}

} // namespace skerry
