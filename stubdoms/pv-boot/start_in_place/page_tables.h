// SPDX-License-Identifier: MIT
// The page tables a PV kernel starts on, written into ordinary pages: they become page tables when the top one is
// pinned.
#pragma once

#include "frame_plan.h"
#include "layout.h"

namespace skerry::start_in_place {

inline constexpr std::uint64_t entry_present = 1, entry_writable = 2, entry_user = 4, entry_accessed = 0x20,
                               entry_dirty = 0x40;
/// What Xen's domain builder gives the initial entries: no execute protection, accessed and dirty set.
inline constexpr std::uint64_t kernel_entry =
    entry_present | entry_writable | entry_user | entry_accessed | entry_dirty;
inline constexpr std::uint64_t read_only_entry = kernel_entry & ~entry_writable;
inline constexpr unsigned entries_per_table = 512;

constexpr std::uint64_t make_entry(std::uint64_t machine_frame, std::uint64_t flags) {
    return machine_frame << 12 | flags;
}
/// Index of the entry for `address` in the table of `level` (1..4) that maps it.
constexpr unsigned entry_index(std::uint64_t address, unsigned level) {
    return static_cast<unsigned>(address >> (12 + 9 * (level - 1))) % entries_per_table;
}

/// Writes all tables of `layout`. `tables` and `p2m_tables` are the (zero) pages of layout.tables and
/// layout.p2m_tables; every frame of the layout has its place in `plan`. Order in both: level 4 first, then 3, 2, 1,
/// each by rising addresses.
void write_page_tables(const Layout& layout, const FramePlan& plan, std::byte* tables, std::byte* p2m_tables);

} // namespace skerry::start_in_place
