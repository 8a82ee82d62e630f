// SPDX-License-Identifier: MIT
#include "boot/first_domain_tables.h"

#include "arch/x86_64/page_table_entry.h"
#include "base/log.h"

namespace skerry {
namespace {

class TableBuilder {
  public:
    TableBuilder(const FirstDomainLayout& layout, const FirstDomainMemory& memory) : layout_(layout), memory_(memory) {}

    Mfn build() {
        next_ = layout_.page_tables.pfn;
        last_ = layout_.page_tables.end();
        root_ = take_table();
        for (uint64_t pfn = 0; pfn < layout_.region_frames; ++pfn) map(layout_.virt(pfn), pfn, !is_table(pfn));
        if (layout_.p2m_virt) {
            next_ = layout_.p2m_tables.pfn;
            last_ = layout_.p2m_tables.end();
            for (uint64_t i = 0; i < layout_.p2m.frames; ++i)
                map(layout_.p2m_virt + (i << page_shift), layout_.p2m.pfn + i, true);
        }
        return memory_.machine_frame(root_);
    }

  private:
    bool is_table(uint64_t pfn) const { return pfn >= layout_.page_tables.pfn && pfn < layout_.page_tables.end(); }

    uint64_t take_table() {
        ASSERT(next_ < last_);
        return next_++;
    }

    void map(uint64_t virt, uint64_t pfn, bool writable) {
        constexpr uint64_t table_flags = pte::present | pte::writable | pte::user | pte::accessed | pte::dirty;
        Pte* table = memory_.pointer<Pte>(root_);
        for (unsigned level = 4; level > 1; --level) {
            Pte& entry = table[table_index(virt, level)];
            if (!entry.is_present()) entry = Pte(memory_.machine_frame(take_table()), table_flags);
            table = to_pointer<Pte>(entry.mfn());
        }
        table[table_index(virt, 1)] =
            Pte(memory_.machine_frame(pfn), writable ? table_flags : table_flags & ~pte::writable);
    }

    const FirstDomainLayout& layout_;
    const FirstDomainMemory& memory_;
    uint64_t next_ = 0, last_ = 0, root_ = 0;
};

} // namespace

Mfn build_first_domain_tables(const FirstDomainLayout& layout, const FirstDomainMemory& memory) {
    return TableBuilder(layout, memory).build();
}

} // namespace skerry
