// SPDX-License-Identifier: MIT
// The x86-64 page-table entry: flags, frame number, and how an address selects an entry at each level; the way through
// the tables. The source of every number is the Intel SDM volume 3, chapter 4.
#pragma once

#include "arch/x86_64/layout.h"

namespace skerry {

namespace pte {
inline constexpr uint64_t present = 1 << 0, writable = 1 << 1, user = 1 << 2, write_through = 1 << 3,
                          cache_disable = 1 << 4, accessed = 1 << 5, dirty = 1 << 6, global = 1 << 8;
inline constexpr uint64_t page_size_or_pat = 1 << 7; // L1: PAT; L2, L3: maps a large page
inline constexpr uint64_t available = 7 << 9;        // software's own
inline constexpr uint64_t no_execute = 1ull << 63;

inline constexpr uint64_t frame_mask = 0x000ffffffffff000;
inline constexpr uint64_t flags_mask = ~frame_mask;

// What xen-core's own mappings use.
inline constexpr uint64_t core_table = present | writable | accessed | dirty;
inline constexpr uint64_t core_text = present | accessed | global;
inline constexpr uint64_t core_rodata = present | accessed | global | no_execute;
inline constexpr uint64_t core_data = present | writable | accessed | dirty | global | no_execute;
inline constexpr uint64_t core_mmio = core_data | cache_disable | write_through;
} // namespace pte

inline constexpr unsigned page_table_entries = 512;

struct Pte {
    uint64_t raw = 0;

    constexpr Pte() = default;
    constexpr explicit Pte(uint64_t value) : raw(value) {}
    constexpr Pte(Mfn mfn, uint64_t flags) : raw((mfn.value << page_shift) | flags) {}
    friend constexpr bool operator==(Pte, Pte) = default;

    constexpr bool is_present() const { return raw & pte::present; }
    constexpr bool is_writable() const { return raw & pte::writable; }
    constexpr bool is_user() const { return raw & pte::user; }
    constexpr bool is_large() const { return raw & pte::page_size_or_pat; } // meaningful at L2 and L3 only
    constexpr bool has(uint64_t flags) const { return (raw & flags) == flags; }
    constexpr uint64_t flags() const { return raw & pte::flags_mask; }
    constexpr Mfn mfn() const { return Mfn((raw & pte::frame_mask) >> page_shift); }
    constexpr Pte with(uint64_t flags) const { return Pte(raw | flags); }
    constexpr Pte without(uint64_t flags) const { return Pte(raw & ~flags); }
};
static_assert(sizeof(Pte) == 8);

// `level` is 1..4. The number of address bits below an entry of that level.
constexpr unsigned level_shift(unsigned level) { return page_shift + 9 * (level - 1); }
constexpr uint64_t level_size(unsigned level) { return uint64_t{1} << level_shift(level); }
constexpr unsigned table_index(uint64_t virt, unsigned level) {
    return (virt >> level_shift(level)) % page_table_entries;
}
constexpr bool is_canonical(uint64_t virt) {
    return static_cast<uint64_t>(static_cast<int64_t>(virt << 16) >> 16) == virt;
}

// The entry of `level` that maps `virt` in the tables below the L4 `root`. `enter(slot, level)` gives the entry to follow
// on each level above it, and may make one; when that is not present, there is nothing further: nullptr.
template <typename Enter> Pte* walk_tables(Mfn root, uint64_t virt, unsigned level, Enter&& enter) {
    Pte* table = to_pointer<Pte>(root);
    for (unsigned at = 4; at > level; --at) {
        Pte entry = enter(&table[table_index(virt, at)], at);
        if (UNLIKELY(!entry.is_present())) return nullptr;
        table = to_pointer<Pte>(entry.mfn());
    }
    return &table[table_index(virt, level)];
}

} // namespace skerry
