// SPDX-License-Identifier: MIT
// Which page tables a range of virtual addresses needs, and in which pseudo-physical pages they lie: top level first,
// then each level below by ascending address. The four levels of x86-64 are counted 1 (entries map pages) to 4.
#pragma once

#include <cstdint>
#include <optional>

namespace skerry::builder {

inline constexpr unsigned table_levels = 4;
inline constexpr uint64_t entries_per_table = 512;

// A table at `level` covers 2^shift bytes; an entry of a table at level L covers what a table at level L-1 does.
constexpr unsigned covered_shift(unsigned level) { return 12 + 9 * level; }
constexpr uint64_t table_index(uint64_t address, unsigned level) {
    constexpr uint64_t translated = (uint64_t{1} << 48) - 1; // the upper 16 bits repeat bit 47
    return (address & translated) >> covered_shift(level);
}

class TableArea {
  public:
    TableArea() = default;
    // The tables for [begin, end), which must not be empty, in pages from `first_page` on, without those in `shared`.
    TableArea(uint64_t begin, uint64_t end, uint64_t first_page, const TableArea* shared = nullptr);

    uint64_t first_page() const { return first_page_; }
    uint64_t pages() const { return pages_; }
    bool contains(uint64_t pfn) const { return pfn - first_page_ < pages_; }

    // The page of the table at `level` with that index, if this area has it.
    std::optional<uint64_t> page_of(unsigned level, uint64_t index) const {
        const Tables& tables = levels_[level - 1];
        if (index - tables.first_index >= tables.count) return std::nullopt;
        return tables.first_page + (index - tables.first_index);
    }
    // Consecutive tables of one level, in consecutive pages.
    struct Tables {
        uint64_t first_index = 0;
        uint64_t count = 0;
        uint64_t first_page = 0;
    };
    const Tables& at_level(unsigned level) const { return levels_[level - 1]; }
    // Which table lies in a page of this area.
    struct Table {
        unsigned level;
        uint64_t index;
    };
    Table table_at(uint64_t page) const {
        unsigned level = table_levels;
        while (page - levels_[level - 1].first_page >= levels_[level - 1].count) --level;
        return {level, levels_[level - 1].first_index + (page - levels_[level - 1].first_page)};
    }

  private:
    Tables levels_[table_levels];
    uint64_t first_page_ = 0;
    uint64_t pages_ = 0;
};

} // namespace skerry::builder
