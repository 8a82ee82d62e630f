// SPDX-License-Identifier: MIT
#include "builder-domain/create/page_tables.h"

#include <algorithm>

namespace skerry::builder {
namespace {

// Page-table entries (AMD64 Architecture Programmer's Manual 2, 5.4). Accessed and dirty are set so that no processor
// has to. The user bit of the lowest level is left to the hypervisor, which knows how it keeps guest kernels apart.
constexpr uint64_t present = 0x1, writable = 0x2, user = 0x4, accessed = 0x20, dirty = 0x40;
constexpr uint64_t page_entry = present | accessed | dirty;
constexpr uint64_t table_entry = present | writable | user | accessed | dirty;

constexpr uint64_t translated(uint64_t address) { return address & ((uint64_t{1} << 48) - 1); }

class TableWriter {
  public:
    TableWriter(GuestMemory& memory, const Layout& layout) : memory_(memory), layout_(layout) {}

    // Most entries of a small domain's tables are empty, so only what there is is looked for.
    void fill(uint64_t* entries, unsigned level, uint64_t index) const {
        uint64_t first = index * entries_per_table;
        if (level == 1) {
            uint64_t region = std::min((layout_.virt_end - layout_.virt_base) / page_size, layout_.total_pages);
            map_pages(entries, first, layout_.virt_base, {0, region});
            if (layout_.p2m_tables.pages() != 0) map_pages(entries, first, layout_.p2m_address, layout_.p2m);
        } else {
            enter_tables(entries, first, layout_.tables.at_level(level - 1));
            enter_tables(entries, first, layout_.p2m_tables.at_level(level - 1));
        }
    }

  private:
    // The table, which begins with virtual page `first`, as far as it maps the pages of `run`, which lie from `address` on.
    void map_pages(uint64_t* entries, uint64_t first, uint64_t address, PageRun run) const {
        uint64_t begin = translated(address) / page_size;
        uint64_t end = std::min(begin + run.count, first + entries_per_table);
        if (end <= std::max(begin, first)) return;
        uint64_t pfn = run.first + (std::max(begin, first) - begin), end_pfn = run.first + (end - begin);
        uint64_t shift = begin - first - run.first; // from a page's number to its entry's index
        memory_.each_stretch(pfn, end_pfn, [&](uint64_t at, uint64_t frame, uint64_t count) {
            uint64_t entry = frame * page_size | page_entry | writable;
            for (uint64_t i = 0; i < count; ++i, entry += page_size) entries[at + i + shift] = entry;
        });
        for (const TableArea* area : {&layout_.tables, &layout_.p2m_tables})
            for (uint64_t i = std::max(pfn, area->first_page());
                 i < std::min(end_pfn, area->first_page() + area->pages()); ++i)
                entries[i + shift] &= ~writable;
    }

    // The table, whose first entry is for the table with index `first` below it, as far as it leads to `tables`.
    void enter_tables(uint64_t* entries, uint64_t first, const TableArea::Tables& tables) const {
        uint64_t end = std::min(tables.first_index + tables.count, first + entries_per_table);
        for (uint64_t index = std::max(tables.first_index, first); index < end; ++index) {
            uint64_t page = tables.first_page + (index - tables.first_index);
            entries[index - first] = memory_.frame_of(page).value * page_size | table_entry;
        }
    }

    GuestMemory& memory_;
    const Layout& layout_;
};

Status write_area(GuestMemory& memory, const TableWriter& writer, const TableArea& area) {
    return memory.fill_pages({area.first_page(), area.pages()}, [&](std::byte* page, uint64_t pfn) {
        auto [level, index] = area.table_at(pfn);
        writer.fill(reinterpret_cast<uint64_t*>(page), level, index);
    });
}

} // namespace

Status write_page_tables(GuestMemory& memory, const Layout& layout) {
    TableWriter writer(memory, layout);
    BUILDER_TRY(write_area(memory, writer, layout.tables));
    return write_area(memory, writer, layout.p2m_tables);
}

} // namespace skerry::builder
