// SPDX-License-Identifier: MIT
#include "builder-domain/create/page_tables.h"

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

    void fill(uint64_t* entries, unsigned level, uint64_t index) const {
        for (uint64_t slot = 0; slot < entries_per_table; ++slot) {
            uint64_t below = index * entries_per_table + slot;
            entries[slot] = level == 1 ? entry_for_page(below) : entry_for_table(level - 1, below);
        }
    }

  private:
    uint64_t entry_for_page(uint64_t virtual_page) const {
        uint64_t pfn = virtual_page - translated(layout_.virt_base) / page_size;
        if (pfn >= (layout_.virt_end - layout_.virt_base) / page_size) {
            uint64_t in_p2m = virtual_page - translated(layout_.p2m_address) / page_size;
            if (in_p2m >= layout_.p2m.count) return 0;
            pfn = layout_.p2m.first + in_p2m;
        }
        if (pfn >= layout_.total_pages) return 0;
        uint64_t entry = memory_.frame_of(pfn).value * page_size | page_entry;
        return layout_.is_table(pfn) ? entry : entry | writable;
    }

    uint64_t entry_for_table(unsigned level, uint64_t index) const {
        auto page = layout_.tables.page_of(level, index);
        if (!page) page = layout_.p2m_tables.page_of(level, index);
        return page ? memory_.frame_of(*page).value * page_size | table_entry : 0;
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
