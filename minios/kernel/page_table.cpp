// SPDX-License-Identifier: MIT
#include "page_table.h"

namespace minios::page_table {

namespace {

const std::uint64_t* root_entries;
Mfn root_mfn;

Table table_of(std::uint64_t entry) {
    const Mfn mfn{(entry & address_mask) >> page_shift};
    const Pfn pfn = frames::pfn_of(mfn);
    const std::uint64_t base = pfn.value < frames::initial_pages()
                                   ? reinterpret_cast<std::uint64_t>(minios_text_start) + (pfn.value << page_shift)
                                   : page_area + (pfn.value << page_shift);
    return {reinterpret_cast<const std::uint64_t*>(base), mfn};
}

/// Makes an empty table and hangs it into parent[i].
Table add_table(const Table& parent, unsigned i) {
    auto pfn = frames::allocate_table();
    if (!pfn) return {};
    void* page = pages::address_of(*pfn);
    __builtin_memset(page, 0, page_size);
    if (!add(parent, i, page, *pfn)) {
        frames::release(*pfn);
        return {};
    }
    return {static_cast<const std::uint64_t*>(page), frames::mfn_of(*pfn)};
}

} // namespace

void start(const void* root_table) {
    root_entries = static_cast<const std::uint64_t*>(root_table);
    root_mfn = pages::mfn_of(root_table);
}

Mfn root() { return root_mfn; }

Table find(std::uint64_t virt, unsigned level) {
    // The last one that was found: tables, once there, stay.
    static std::uint64_t last_span = ~std::uint64_t{0};
    static Table last;
    constexpr unsigned span_shift = 21;
    if (level == 1 && virt >> span_shift == last_span) return last;
    Table table{root_entries, root_mfn};
    for (unsigned at = 4; at > level; --at) {
        const std::uint64_t entry = table.entry[index(virt, at)];
        if ((entry & present) == 0) return {};
        table = table_of(entry);
    }
    if (level == 1) {
        last_span = virt >> span_shift;
        last = table;
    }
    return table;
}

Result<void> add(const Table& parent, unsigned i, void* page, Pfn pfn) {
    if (auto result = protect(page, 1, Access::read_only); !result) return result;
    Batch batch;
    batch.set(parent.location(i),
              (frames::mfn_of(pfn).value << page_shift) | present | writable | user | accessed | no_execute);
    auto result = batch.flush();
    if (!result) (void)protect(page, 1, Access::read_write);
    return result;
}

Table ensure_level(std::uint64_t virt, unsigned level) {
    Table table{root_entries, root_mfn};
    for (unsigned at = 4; at > level; --at) {
        const unsigned i = index(virt, at);
        const std::uint64_t entry = table.entry[i];
        table = (entry & present) != 0 ? table_of(entry) : add_table(table, i);
        if (table.entry == nullptr) break;
    }
    return table;
}

Table ensure(std::uint64_t virt) { return ensure_level(virt, 1); }

bool ensure_range(std::uint64_t virt, std::uint64_t size) {
    constexpr std::uint64_t span = 1ull << 21;
    for (std::uint64_t at = virt & ~(span - 1); at < virt + size; at += span)
        if (ensure(at).entry == nullptr) return false;
    return true;
}

std::uint64_t entry_of(const void* address) {
    const auto virt = reinterpret_cast<std::uint64_t>(address);
    if (virt >> 47 != 0) return 0; // the hypervisor's half is not ours to walk
    const Table table = find(virt, 1);
    return table.entry == nullptr ? 0 : table.entry[index(virt, 1)];
}

std::uint64_t entry_location(const void* address, bool create) {
    const auto virt = reinterpret_cast<std::uint64_t>(address);
    const Table table = create ? ensure(virt) : find(virt, 1);
    return table.entry == nullptr ? 0 : table.location(index(virt, 1));
}

Result<void> Batch::flush() {
    unsigned done = 0;
    while (count_ > done && error_ == Error::none) {
        unsigned now = 0;
        long result = hypercall::mmu_update(requests_ + done, count_ - done, &now, owner_.value);
        done += now;
        if (result < 0)
            error_ = error_of(result);
        else if (now == 0)
            break;
    }
    count_ = 0;
    return error_;
}

void flush_tlb() {
    mmuext_op_t operation{};
    operation.cmd = MMUEXT_TLB_FLUSH_LOCAL;
    (void)hypercall::mmuext_op(&operation, 1, nullptr);
}

Result<void> protect(void* address, std::size_t count, Access access) {
    auto virt = reinterpret_cast<std::uint64_t>(address);
    for (std::size_t i = 0; i < count; ++i, virt += page_size) {
        const std::uint64_t old = entry_of(reinterpret_cast<void*>(virt));
        if ((old & present) == 0) return Error::fault;
        const std::uint64_t wanted = access == Access::read_write ? old | writable : old & ~(writable | dirty);
        const long result = hypercall::update_va_mapping(virt, wanted, UVMF_INVLPG | UVMF_LOCAL);
        if (result < 0) return error_of(result);
    }
    return {};
}

namespace {

/// In a table that is reached through entries that let both writes and execution through: below others nothing can be both.
std::size_t count_in(const Table& table, unsigned level, std::uint64_t virt) {
    std::size_t bad = 0;
    const unsigned end = level == 4 ? entries / 2 : entries; // the other half is the hypervisor's
    const std::uint64_t* const first = table.entry;
#pragma GCC unroll 4
    for (unsigned i = 0; i < end; ++i) {
        const std::uint64_t entry = first[i];
        if (entry == 0 || (entry & (present | writable | no_execute)) != (present | writable)) continue;
        const std::uint64_t at = virt + (std::uint64_t{i} << (12 + 9 * (level - 1)));
        if (level > 1)
            bad += count_in(table_of(entry), level - 1, at);
        else if (++bad <= 8)
            print("page table: %lx is writable and executable (entry %lx)\n", at, entry);
    }
    return bad;
}

} // namespace

std::size_t count_writable_executable() { return count_in({root_entries, root_mfn}, 4, 0); }

} // namespace minios::page_table
