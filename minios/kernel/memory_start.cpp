// SPDX-License-Identifier: MIT
// First steps of memory: read the initial page tables, take the used frames, map the shared info page, and make every
// page either writable or executable.
#include "page_table.h"

namespace minios {

namespace {

std::uint64_t address(const char* symbol) { return reinterpret_cast<std::uint64_t>(symbol); }

/// Frames from the image to the last one that the initial region maps. The region is contiguous (xen.h, start-of-day
/// memory layout).
std::uint64_t count_initial_pages() {
    const std::uint64_t base = address(minios_text_start);
    constexpr std::uint64_t span = 1ull << 21;
    std::uint64_t at = base;
    for (;;) {
        const auto table = page_table::find(at, 1);
        if (table.entry == nullptr) break;
        if ((table.entry[page_table::entries - 1] & page_table::present) == 0) {
            unsigned from = page_table::index(at, 1), absent = page_table::entries - 1;
            while (from < absent) {
                const unsigned middle = (from + absent) / 2;
                if ((table.entry[middle] & page_table::present) != 0)
                    from = middle + 1;
                else
                    absent = middle;
            }
            at = (at & ~(span - 1)) + absent * page_size;
            break;
        }
        at = (at & ~(span - 1)) + span;
    }
    return (at - base) >> page_shift;
}

/// The entry that a page of the initial region should have.
std::uint64_t wanted_entry(std::uint64_t virt, std::uint64_t entry) {
    if (virt >= address(minios_text_start) && virt < address(minios_text_end))
        return entry & ~(page_table::writable | page_table::dirty);
    entry |= page_table::no_execute;
    const bool constant = (virt >= address(minios_rodata_start) && virt < address(minios_rodata_end)) ||
                          virt == address(minios_zero_page);
    return constant ? entry & ~(page_table::writable | page_table::dirty) : entry;
}

/// Text, constants and everything else get their rights; blocks without text by one bit in their level-2 entry.
void separate_rights(std::uint64_t initial_pages) {
    constexpr std::uint64_t span = 1ull << 21;
    const std::uint64_t base = address(minios_text_start), end = base + (initial_pages << page_shift);
    page_table::Batch batch;
    for (std::uint64_t block = base & ~(span - 1); block < end; block += span) {
        const bool has_text = block < address(minios_text_end) && block + span > base;
        const auto upper = page_table::find(block, 2);
        const unsigned i = page_table::index(block, 2);
        if (!has_text) batch.set(upper.location(i), upper.entry[i] | page_table::no_execute);
        const std::uint64_t constants_end = address(minios_rodata_end);
        const auto table = page_table::find(block, 1);
        for (std::uint64_t at = block > base ? block : base; at < block + span && (has_text || at < constants_end);
             at += page_size) {
            const unsigned j = page_table::index(at, 1);
            const std::uint64_t entry = table.entry[j];
            if ((entry & page_table::present) != 0 && wanted_entry(at, entry) != entry)
                batch.set(table.location(j), wanted_entry(at, entry));
        }
    }
    const auto set_page = [&](const char* page, std::uint64_t (*change)(std::uint64_t)) {
        const auto table = page_table::find(address(page), 1);
        const unsigned i = page_table::index(address(page), 1);
        batch.set(table.location(i), change(table.entry[i]));
    };
    set_page(minios_zero_page, [](std::uint64_t entry) { return entry & ~(page_table::writable | page_table::dirty); });
    set_page(minios_boot_stack_guard, [](std::uint64_t) { return std::uint64_t{0}; });
    if (auto result = batch.flush(); !result)
        panic("memory: cannot make pages read-only or non-executable: %s", error_name(result.error()));
    page_table::flush_tlb();
}

void map_shared_info(const start_info_t& info) {
    const long result = hypercall::update_va_mapping(
        reinterpret_cast<std::uint64_t>(&minios_shared_info),
        page_table::leaf(Mfn{info.shared_info >> page_shift}, Access::read_write), UVMF_INVLPG);
    if (result < 0) panic("memory: cannot map shared info %lx: %s", info.shared_info, error_name(error_of(result)));
}

/// Frames that the domain's builder put behind the ones it had to: pages of the console and the store, modules outside
/// the region.
void keep_others(const start_info_t& info, std::uint64_t first_free) {
    const auto keep = [&](std::uint64_t first, std::uint64_t count) {
        for (std::uint64_t frame = first; frame < first + count; ++frame)
            if (frame >= first_free && frame < info.nr_pages)
                (void)frames::claim(Pfn{frame}, 1); // overlap with another of these is harmless
    };
    if ((info.flags & SIF_INITDOMAIN) == 0) {
        keep(frames::pfn_of(Mfn{info.console.domU.mfn}).value, 1);
        keep(frames::pfn_of(Mfn{info.store_mfn}).value, 1);
    }
    if (info.mod_len != 0 && (info.flags & SIF_MOD_START_PFN) != 0 && info.mod_start >= first_free &&
        info.mod_start < info.nr_pages) {
        const std::uint64_t count = (info.mod_len + page_size - 1) / page_size;
        if (auto result = frames::claim(Pfn{info.mod_start}, count); !result)
            panic("memory: module frames %lx + %lx are in use", info.mod_start, count);
    }
    keep(info.first_p2m_pfn, info.nr_p2m_frames);
}

} // namespace

void memory_start(const start_info_t& info) {
    const std::uint64_t base = address(minios_text_start);
    map_shared_info(info);
    // In the order of xen.h the page tables and one stack page are the last things in the region.
    const std::uint64_t first_free = ((info.pt_base - base) >> page_shift) + info.nr_pt_frames + 1;
    frames::start(info, first_free, first_free); // tables are below first_free: enough to walk them
    page_table::start(reinterpret_cast<const void*>(info.pt_base));
    const std::uint64_t initial_pages = count_initial_pages();
    frames::set_initial_pages(initial_pages);
    separate_rights(initial_pages);
    keep_others(info, first_free);
}

} // namespace minios
