// SPDX-License-Identifier: MIT
#include "boot/start.h"

#include "arch/x86_64/core_page_tables.h"
#include "arch/x86_64/cpu_local.h"
#include "arch/x86_64/features.h"
#include "boot/memory_ranges.h"
#include "memory/allocator.h"
#include "memory/frame_table.h"

extern "C" {
extern const char text_start[], text_end[], rodata_start[], rodata_end[], data_start[], data_end[], image_end[];
extern char boot_stack[];
}

namespace skerry {
namespace {

// Firmware's data, the start of other CPUs. For guests not RAM but I/O memory, as on Xen.
constexpr uint64_t low_memory_frames = 256;
constexpr uint64_t least_frames = 1024; // 4 MiB: below that nothing useful starts

// Whole frames of RAM by the memory map, as far as the direct map reaches; and those that are not taken.
constinit RangeSet<max_memory_regions> ram;
constinit FreeRanges free_memory;
// The ranges of RAM, cut by the low memory, the image and the modules, always fit.
static_assert(max_memory_regions + 2 + max_modules <= max_free_ranges);

// Frames. Until build_address_space() is done, only 4 GiB are reachable (boot/start.S).
uint64_t free_memory_limit = uint64_t{4} << 30 >> page_shift;

uint64_t address(const char* symbol) { return reinterpret_cast<uint64_t>(symbol); }
uint64_t image_address(const char* symbol) { return layout::image_address(symbol).value; }

// --- page tables ---

// As many frames, aligned to their number, every byte `fill`. Or invalid_mfn.
Mfn take_filled(uint64_t frames, uint8_t fill) {
    Mfn mfn = free_memory.take(frames, frames, free_memory_limit);
    if (mfn != invalid_mfn) memset(to_pointer(mfn), fill, frames << page_shift);
    return mfn;
}
Mfn take_boot_frame() { return take_filled(1, 0); }

Pte& need_entry(uint64_t virt, unsigned level) {
    Pte* entry = core_entry(virt, level);
    if (!entry) cannot_start("too little memory for xen-core's page tables");
    return *entry;
}

// Maps machine addresses [from, end) at `virt` with the largest pages that fit.
void map_range(uint64_t virt, uint64_t from, uint64_t end, uint64_t flags) {
    while (from < end) {
        unsigned level = cpu_features.gigabyte_pages ? 3 : 2;
        while (level > 1 && ((from | virt) % level_size(level) || end - from < level_size(level))) --level;
        need_entry(virt, level) = Pte(frame_of(MachAddr(from)), flags | (level > 1 ? pte::page_size_or_pat : 0));
        from += level_size(level);
        virt += level_size(level);
    }
}

void map_image(const char* start, const char* end, uint64_t flags) {
    map_range(address(start), image_address(start), image_address(end), flags);
}

// --- tables with one entry for each frame of the machine, seen at one or two addresses ---

struct FrameIndexedTable {
    const char* name;
    uint64_t entry_size;
    uint8_t fill;
    uint64_t view;       // writable, for xen-core
    uint64_t guest_view; // read-only, for guests; 0: none
};

void set_views(const FrameIndexedTable& table, uint64_t page, unsigned level, Mfn mfn, uint64_t flags,
               uint64_t guest_flags) {
    uint64_t offset = page << page_shift;
    need_entry(table.view + offset, level) = Pte(mfn, flags);
    if (table.guest_view) need_entry(table.guest_view + offset, level) = Pte(mfn, guest_flags);
}

// Backs the table where there is RAM; elsewhere every page is one shared read-only page of the fill value, so that
// reading any entry is safe. 2 MiB that describe no RAM at all share one L1 table full of that page.
void back_table(const FrameIndexedTable& table, uint64_t frames) {
    constexpr uint64_t guest_page = pte::core_rodata | pte::user;
    uint64_t frames_per_page = page_size / table.entry_size, pages = pages_for(frames * table.entry_size);
    auto describes_ram = [&](uint64_t page) {
        uint64_t first = page * frames_per_page, last = first + frames_per_page - 1;
        return std::ranges::any_of(ram.all(), [&](auto range) { return range.first <= last && range.last >= first; });
    };
    auto need = [&](Mfn mfn) {
        if (mfn == invalid_mfn) cannot_start("too little memory for the %s", table.name);
        return mfn;
    };
    Mfn hole = need(take_filled(1, table.fill)), hole_table = need(take_boot_frame());
    std::fill_n(to_pointer<Pte>(hole_table), page_table_entries,
                Pte(hole, table.guest_view ? guest_page : pte::core_rodata));

    for (uint64_t start = 0; start < pages; start += page_table_entries) {
        uint64_t end = std::min(start + page_table_entries, pages), needed = 0;
        for (uint64_t page = start; page < end; ++page) needed += describes_ram(page);
        Mfn large = needed == page_table_entries ? take_filled(page_table_entries, table.fill) : invalid_mfn;
        if (!needed) {
            set_views(table, start, 2, hole_table, pte::core_table, pte::core_table);
        } else if (large != invalid_mfn) {
            set_views(table, start, 2, large, pte::core_data | pte::page_size_or_pat,
                      guest_page | pte::page_size_or_pat);
        } else {
            for (uint64_t page = start; page < end; ++page) {
                bool backed = describes_ram(page);
                set_views(table, page, 1, backed ? need(take_filled(1, table.fill)) : hole,
                          backed ? pte::core_data : pte::core_rodata, guest_page);
            }
        }
    }
}

} // namespace

bool is_ram_by_map(Mfn first, Mfn last) { return ram.contains(first.value, last.value); }

void reserve_boot_memory() {
    auto must = [](Status status) { ASSERT(status.ok()); };
    if (boot_information.memory_dropped)
        log(LogLevel::warning, "%lu entries of the memory map do not fit and are not used",
            boot_information.memory_dropped);
    for (const MemoryRegion& region : machine_memory_map()) {
        uint64_t first = pages_for(region.start);
        uint64_t end = std::min(region.end() >> page_shift, layout::max_machine_frames);
        if (region.kind != MemoryKind::ram || first >= end) continue;
        must(ram.add(first, end - 1));
        must(free_memory.add(first, end - 1));
    }
    auto reserve = [&](uint64_t first, uint64_t end) { must(free_memory.remove(first, end - 1)); };
    reserve(0, low_memory_frames);
    reserve(layout::image_phys >> page_shift, pages_for(image_address(image_end)));
    for (const BootModule& module : boot_information.modules) {
        uint64_t first = module.first_frame().value, end = first + module.frame_count();
        if (!is_ram_by_map(Mfn(first), Mfn(end - 1)))
            cannot_start("a module is loaded at %lx, which is not RAM", module.start.value);
        reserve(first, end);
    }
    if (free_memory.frames() < least_frames)
        cannot_start("too little memory: %lu KiB beside the modules", free_memory.frames() * 4);
}

void build_address_space() {
    core_frame_source = take_boot_frame;
    core_l4 = take_boot_frame();
    if (core_l4 == invalid_mfn) cannot_start("too little memory for xen-core's page tables");
    map_image(text_start, text_end, pte::core_text);
    map_image(rodata_start, rodata_end, pte::core_rodata);
    map_image(data_start, data_end, pte::core_data);
    // Text and read-only data stay read-only here too: no other way to them is left.
    uint64_t fixed_start = image_address(text_start), fixed_end = image_address(rodata_end);
    for (auto range : ram.all()) {
        uint64_t start = range.first << page_shift, end = (range.last + 1) << page_shift;
        uint64_t fixed_from = std::clamp(fixed_start, start, end), fixed_to = std::clamp(fixed_end, start, end);
        map_range(layout::direct_map + start, start, fixed_from, pte::core_data);
        map_range(layout::direct_map + fixed_from, fixed_from, fixed_to, pte::core_rodata);
        map_range(layout::direct_map + fixed_to, fixed_to, end, pte::core_data);
    }
    // Every L3 that will ever be needed exists before the first L4 copies the slots.
    for (uint64_t virt : {layout::m2p_guest_view, layout::m2p_view}) need_entry(virt, 3);
    write_cr3(address_of(core_l4).value);
    free_memory_limit = ~uint64_t{0};
}

void start_memory() {
    Mfn last(ram.all().back().last);
    uint64_t frames = last.value + 1;
    back_table({"frame table", sizeof(Frame), 0, layout::frame_table, 0}, frames);
    back_table({"machine-to-physical table", sizeof(uint64_t), 0xff, layout::m2p_view, layout::m2p_guest_view}, frames);
    uint64_t view_end = layout::m2p_guest_view + frames * sizeof(uint64_t);
    for (unsigned level = 4; level > 1; --level) // the upper levels of the guests' view must let user mode through
        for (uint64_t at = layout::m2p_guest_view; at < view_end; at += level_size(level)) {
            Pte& entry = need_entry(at, level);
            entry = entry.with(pte::user).without(pte::writable);
        }
    set_frame_limits(last, cpu_features.physical_address_bits);
    // All other RAM that is not free is xen-core's own for good, as far as the allocator is concerned.
    for (auto [start, last_of_range] : ram.all()) {
        uint64_t first = std::max(start, low_memory_frames);
        if (first <= last_of_range) allocator.add_core(Mfn(first), last_of_range - first + 1);
    }
    for (auto range : free_memory.all()) allocator.add(Mfn(range.first), range.last - range.first + 1);
    core_frame_source = [] {
        auto frame = allocator.allocate_core(core_account);
        return frame.ok() ? frame.value() : invalid_mfn;
    };
    log(LogLevel::info, "memory: %lu MiB free of %lu MiB, frames up to %lx", allocator.free_frames() >> 8,
        allocator.total_frames() >> 8, last.value);
}

void map_cpu_stack(CpuId cpu) {
    for (unsigned page = 0; page < CPU_STACK_SIZE / page_size; ++page) {
        if (page == CPU_STACK_TRAMPOLINE_PAGE || page == CPU_STACK_GUARD_PAGE) continue;
        uint64_t offset = page * page_size;
        Mfn mfn = cpu.value == 0 ? frame_of(MachAddr(image_address(boot_stack) + offset)) : core_frame_source();
        if (mfn == invalid_mfn) cannot_start("too little memory for the stack of CPU %u", cpu.value);
        need_entry(cpu_stack_base(cpu) + offset, 1) = Pte(mfn, pte::core_data);
    }
}

uint64_t initial_stack(CpuId cpu) {
    // As a call leaves it: 8 bytes below a multiple of 16.
    return (reinterpret_cast<uint64_t>(&cpu_local_of(cpu)) & ~uint64_t{15}) - 8;
}

} // namespace skerry
