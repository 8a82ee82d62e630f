// SPDX-License-Identifier: MIT
#include "page_tables.h"

namespace skerry::start_in_place {
namespace {

/// One table: where it is written, and which frame of the kernel it will be.
struct Table {
    std::uint64_t* entries;
    std::uint64_t frame;
};

class Writer {
  public:
    Writer(const Layout& layout, const FramePlan& plan, std::byte* tables, std::byte* p2m_tables)
        : layout_(layout), plan_(plan), tables_(tables), p2m_tables_(p2m_tables), first_(layout.virt_base),
          last_(layout.address_of(layout.mapped_pages) - 1) {}

    /// Links the tables of one level that [first, last] uses into their parents.
    void link(std::uint64_t first, std::uint64_t last, unsigned level) {
        const std::uint64_t step = std::uint64_t{1} << (12 + 9 * level);
        for (std::uint64_t left = table_number(last, level) - table_number(first, level) + 1, at = first; left != 0;
             --left, at += step) {
            const Table table = find(at, level);
            find(at, level + 1).entries[entry_index(at, level + 1)] =
                make_entry(plan_.machine_frame(table.frame), kernel_entry);
        }
    }

    void map(std::uint64_t address, std::uint64_t frame, std::uint64_t count) {
        std::uint64_t* entries = nullptr;
        for (; count != 0; --count, ++frame, address += page_bytes) {
            const unsigned index = entry_index(address, 1);
            if (entries == nullptr || index == 0) entries = find(address, 1).entries;
            entries[index] =
                make_entry(plan_.machine_frame(frame), layout_.is_table(frame) ? read_only_entry : kernel_entry);
        }
    }

  private:
    /// The table of `level` that maps `address`: one of the region's where the region has it, else one of the p2m
    /// list's.
    Table find(std::uint64_t address, unsigned level) const {
        const std::uint64_t number = table_number(address, level);
        const std::uint64_t region_first = table_number(first_, level), region_last = table_number(last_, level);
        if (number >= region_first && number <= region_last)
            return at(tables_, layout_.tables, before(layout_.counts, level) + number - region_first);
        // The list lies below the region (read_notes), so what they share is at its end.
        const std::uint64_t position = number - table_number(layout_.p2m_address, level);
        return at(p2m_tables_, layout_.p2m_tables, before(layout_.p2m_counts, level) + position);
    }

    static std::uint64_t before(const TableCounts& counts, unsigned level) {
        std::uint64_t total = 0;
        for (unsigned higher = 4; higher > level; --higher) total += counts.level[higher];
        return total;
    }

    static Table at(std::byte* pages, const Region& region, std::uint64_t position) {
        return {reinterpret_cast<std::uint64_t*>(pages + position * page_bytes), region.first + position};
    }

    const Layout& layout_;
    const FramePlan& plan_;
    std::byte* tables_;
    std::byte* p2m_tables_;
    std::uint64_t first_, last_; // addresses of the kernel's region
};

} // namespace

void write_page_tables(const Layout& layout, const FramePlan& plan, std::byte* tables, std::byte* p2m_tables) {
    Writer writer(layout, plan, tables, p2m_tables);
    const std::uint64_t last = layout.address_of(layout.mapped_pages) - 1;
    for (unsigned level = 3; level >= 1; --level) writer.link(layout.virt_base, last, level);
    writer.map(layout.virt_base, 0, layout.mapped_pages);
    if (!layout.p2m_mapped_apart()) return;
    const std::uint64_t p2m_last = layout.p2m_address + layout.p2m.count * page_bytes - 1;
    for (unsigned level = 3; level >= 1; --level) writer.link(layout.p2m_address, p2m_last, level);
    writer.map(layout.p2m_address, layout.p2m.first, layout.p2m.count);
}

} // namespace skerry::start_in_place
