// SPDX-License-Identifier: MIT
// Where everything that a PV kernel starts with goes, in new pseudo-physical frames: pure arithmetic, no memory
// touched.
//
// The order is that of Xen's domain builder ("Start-of-day memory layout" in <xen/xen.h>): kernel, ramdisk, p2m list,
// start_info, store and console pages, page tables, boot stack, then at least 512 KiB of padding up to a 4 MiB
// boundary. Frame n is mapped at virt_base + n pages for all of that. A ramdisk that need not be mapped, and a p2m list
// with an address of its own (INIT_P2M, followed by the tables that map it), come after the padding.
#pragma once

#include "elf_notes.h"

namespace skerry::start_in_place {

/// Consecutive frames.
struct Region {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    constexpr std::uint64_t end() const { return first + count; }
    constexpr bool contains(std::uint64_t frame) const { return frame - first < count; }
};

/// How many page tables of each level, 1 to 4, map a range of addresses; [0] is not used.
struct TableCounts {
    std::uint64_t level[5] = {};
    constexpr std::uint64_t total() const { return level[1] + level[2] + level[3] + level[4]; }
};

struct LayoutRequest {
    std::uint64_t total_pages = 0;
    std::uint64_t ramdisk_bytes = 0;
    bool store = true; // the domain has a XenStore page; the first domain has not
    bool console = true;
};

struct Layout {
    std::uint64_t virt_base = 0;
    Region kernel, ramdisk, p2m, start_info, store, console, tables, stack;
    Region p2m_tables; // those that only the p2m list's own mapping needs
    Region hand_over;  // first page of the padding: holds the last code that runs before the kernel
    TableCounts counts, p2m_counts;
    bool ramdisk_mapped = false;
    std::uint64_t p2m_address = 0;  // virtual
    std::uint64_t mapped_pages = 0; // frames [0, mapped_pages) are mapped from virt_base on
    std::uint64_t end = 0;          // frames [0, end) are spoken for

    constexpr std::uint64_t address_of(std::uint64_t frame) const { return virt_base + frame * page_bytes; }
    constexpr bool p2m_mapped_apart() const { return p2m.first >= mapped_pages; }
    constexpr bool is_table(std::uint64_t frame) const { return tables.contains(frame) || p2m_tables.contains(frame); }

    static Result<Layout> plan(const Kernel& kernel, const LayoutRequest& request);
};

/// Tables needed to map [first, last], both inclusive and canonical in the same half.
TableCounts count_tables(std::uint64_t first, std::uint64_t last);

/// Number of the table of `level` that maps `address`: consecutive addresses have consecutive numbers.
constexpr std::uint64_t table_number(std::uint64_t address, unsigned level) {
    return level == 4 ? 0 : (address & 0x0000'ffff'ffff'ffff) >> (12 + 9 * level);
}

} // namespace skerry::start_in_place
