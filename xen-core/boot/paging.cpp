// SPDX-License-Identifier: MIT
#include "boot/paging.h"

#include "arch/x86_64/core_page_tables.h"
#include "arch/x86_64/cpu_local.h"
#include "arch/x86_64/direct_map.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/instructions.h"
#include "arch/x86_64/memory_map.h"
#include "base/log.h"
#include "memory/frame_table.h"

#include <string.h>

extern "C" {
extern const char text_start[], text_end[], rodata_start[], rodata_end[], data_start[], data_end[];
extern char boot_stack[];
}

namespace skerry {

constinit FreeRanges boot_memory;

namespace {

// Until build_address_space() is done, only this much is reachable (boot/start.S).
constexpr uint64_t reachable_at_start = uint64_t{4} << 30;
uint64_t boot_frame_limit = reachable_at_start >> page_shift;

uint64_t address(const char* symbol) { return reinterpret_cast<uint64_t>(symbol); }
MachAddr image_address(uint64_t virt) { return MachAddr(virt - layout::image_virt + layout::image_phys); }

Pte& need_entry(uint64_t virt, unsigned level) {
    Pte* entry = core_entry(virt, level);
    if (!entry) cannot_start("too little memory for xen-core's page tables");
    return *entry;
}

// Maps [start, start + size) at `virt` with the largest pages that fit.
void map_range(uint64_t virt, MachAddr start, uint64_t size, uint64_t flags) {
    uint64_t from = start.value;
    for (uint64_t end = from + size; from < end;) {
        unsigned level = cpu_features.gigabyte_pages ? 3 : 2;
        while (level > 1 && ((from | virt) % level_size(level) || end - from < level_size(level))) --level;
        need_entry(virt, level) = Pte(frame_of(MachAddr(from)), flags | (level > 1 ? pte::page_size_or_pat : 0));
        from += level_size(level);
        virt += level_size(level);
    }
}

void map_image() {
    auto map = [](const char* start, const char* end, uint64_t flags) {
        for (uint64_t virt = address(start); virt < address(end); virt += page_size)
            need_entry(virt, 1) = Pte(frame_of(image_address(virt)), flags);
    };
    map(text_start, text_end, pte::core_text);
    map(rodata_start, rodata_end, pte::core_rodata);
    map(data_start, data_end, pte::core_data);
}

// Text and read-only data stay read-only here too: no other way to them is left.
void map_ram(uint64_t start, uint64_t end) {
    uint64_t fixed_start = image_address(address(text_start)).value;
    uint64_t fixed_end = image_address(address(rodata_end)).value;
    if (start < fixed_end && end > fixed_start) {
        map_ram(start, fixed_start);
        map_range(layout::direct_map + fixed_start, MachAddr(fixed_start), fixed_end - fixed_start, pte::core_rodata);
        map_ram(fixed_end, end);
    } else if (start < end) {
        map_range(layout::direct_map + start, MachAddr(start), end - start, pte::core_data);
    }
}

// Whole frames of a region of RAM, as far as the direct map reaches.
FrameRange whole_frames(const MemoryRegion& region) {
    uint64_t first = (region.start + page_size - 1) >> page_shift;
    uint64_t end = region.end() >> page_shift;
    if (end > layout::max_machine_frames) end = layout::max_machine_frames;
    return {first, end > first ? end - first : 0};
}

template <typename F> void for_each_ram_range(F&& f) {
    for (const MemoryRegion& region : machine_memory_map())
        if (region.kind == MemoryKind::ram)
            if (FrameRange range = whole_frames(region); range.count) f(range);
}

bool any_ram_in(uint64_t first, uint64_t count) {
    bool any = false;
    for_each_ram_range([&](FrameRange range) { any |= range.first < first + count && range.end() > first; });
    return any;
}

// A table with one entry for each frame of the machine, seen at one or two addresses.
struct FrameIndexedTable {
    const char* name;
    uint64_t entry_size;
    uint8_t fill;
    uint64_t view;       // writable, for xen-core
    uint64_t guest_view; // read-only, for guests; 0: none
};

constexpr uint64_t large_page_frames = page_table_entries;

Mfn take_filled(const FrameIndexedTable& table, uint64_t frames, uint64_t alignment) {
    Mfn mfn = boot_memory.take(frames, alignment, boot_frame_limit);
    if (mfn != invalid_mfn) memset(to_pointer(mfn), table.fill, frames << page_shift);
    return mfn;
}

void set_views(const FrameIndexedTable& table, uint64_t offset, unsigned level, Mfn mfn, bool writable) {
    uint64_t size = level > 1 ? pte::page_size_or_pat : 0;
    need_entry(table.view + offset, level) = Pte(mfn, (writable ? pte::core_data : pte::core_rodata) | size);
    if (!table.guest_view) return;
    need_entry(table.guest_view + offset, level) = Pte(mfn, pte::core_rodata | pte::user | size);
}

// One L1 table full of one page, for each view, used wherever 2 MiB of the table describe no RAM at all.
class HoleTables {
  public:
    HoleTables(const FrameIndexedTable& table, Mfn hole) : table_(table) {
        view_ = make(hole, pte::core_rodata);
        if (table.guest_view) guest_view_ = make(hole, pte::core_rodata | pte::user);
    }
    void use_at(uint64_t offset) {
        need_entry(table_.view + offset, 2) = Pte(view_, pte::core_table);
        if (table_.guest_view) need_entry(table_.guest_view + offset, 2) = Pte(guest_view_, pte::core_table);
    }

  private:
    Mfn make(Mfn hole, uint64_t flags) {
        Mfn mfn = hole == invalid_mfn ? hole : take_boot_frame();
        if (mfn == invalid_mfn) cannot_start("too little memory for the %s", table_.name);
        for (unsigned i = 0; i < page_table_entries; ++i) to_pointer<Pte>(mfn)[i] = Pte(hole, flags);
        return mfn;
    }
    const FrameIndexedTable& table_;
    Mfn view_, guest_view_;
};

// Backs the table where there is RAM; elsewhere every page is one shared read-only page of the fill value, so that
// reading any entry is safe.
void back_table(const FrameIndexedTable& table, uint64_t frames) {
    uint64_t bytes = frames * table.entry_size;
    uint64_t frames_per_page = page_size / table.entry_size;
    Mfn hole = take_filled(table, 1, 1);
    HoleTables holes(table, hole);
    uint64_t pages = (bytes + page_size - 1) >> page_shift;
    for (uint64_t page = 0; page < pages;) {
        bool aligned = page % large_page_frames == 0;
        uint64_t needed = 0;
        if (aligned)
            for (uint64_t i = 0; i < large_page_frames && page + i < pages; ++i)
                needed += any_ram_in((page + i) * frames_per_page, frames_per_page);
        Mfn large =
            needed == large_page_frames ? take_filled(table, large_page_frames, large_page_frames) : invalid_mfn;
        if (aligned && !needed) {
            holes.use_at(page << page_shift);
            page += large_page_frames;
            continue;
        }
        if (aligned && large != invalid_mfn) {
            set_views(table, page << page_shift, 2, large, true);
            page += large_page_frames;
            continue;
        }
        bool backed = any_ram_in(page * frames_per_page, frames_per_page);
        Mfn mfn = backed ? take_filled(table, 1, 1) : hole;
        if (mfn == invalid_mfn) cannot_start("too little memory for the %s", table.name);
        set_views(table, page << page_shift, 1, mfn, backed);
        ++page;
    }
}

// The upper levels of the guests' view must let user mode through.
void open_upper_levels(uint64_t virt, uint64_t size) {
    Pte* l4 = to_pointer<Pte>(core_l4);
    l4[table_index(virt, 4)] = l4[table_index(virt, 4)].with(pte::user).without(pte::writable);
    for (uint64_t at = virt; at < virt + size; at += level_size(3)) {
        Pte& entry = need_entry(at, 3);
        entry = entry.with(pte::user).without(pte::writable);
    }
    for (uint64_t at = virt; at < virt + size; at += level_size(2)) {
        Pte& entry = need_entry(at, 2);
        entry = entry.with(pte::user);
        if (!entry.is_large()) entry = entry.without(pte::writable);
    }
}

} // namespace

Mfn take_boot_frame() {
    Mfn mfn = boot_memory.take(1, 1, boot_frame_limit);
    if (mfn != invalid_mfn) memset(to_pointer(mfn), 0, page_size);
    return mfn;
}

Mfn last_ram_frame() {
    uint64_t last = 0;
    for_each_ram_range([&](FrameRange range) { last = range.end() - 1; });
    return Mfn(last);
}

void build_address_space() {
    core_frame_source = take_boot_frame;
    core_l4 = take_boot_frame();
    if (core_l4 == invalid_mfn) cannot_start("too little memory for xen-core's page tables");
    map_image();
    for_each_ram_range([](FrameRange range) { map_ram(range.first << page_shift, range.end() << page_shift); });
    // Every L3 that will ever be needed exists before the first L4 copies the slots.
    for (uint64_t virt : {layout::m2p_guest_view, layout::m2p_view}) need_entry(virt, 3);
    write_cr3(address_of(core_l4).value);
    boot_frame_limit = ~uint64_t{0};
}

void build_frame_tables() {
    uint64_t frames = last_ram_frame().value + 1;
    back_table({"frame table", sizeof(Frame), 0, layout::frame_table, 0}, frames);
    back_table({"machine-to-physical table", sizeof(uint64_t), 0xff, layout::m2p_view, layout::m2p_guest_view}, frames);
    open_upper_levels(layout::m2p_guest_view, frames * sizeof(uint64_t));
}

void map_cpu_stack(CpuId cpu) {
    for (unsigned page = 0; page < CPU_STACK_SIZE / page_size; ++page) {
        if (page == CPU_STACK_TRAMPOLINE_PAGE || page == CPU_STACK_GUARD_PAGE) continue;
        uint64_t offset = page * page_size;
        Mfn mfn = cpu.value == 0 ? frame_of(image_address(address(boot_stack) + offset)) : core_frame_source();
        if (mfn == invalid_mfn) cannot_start("too little memory for the stack of CPU %u", cpu.value);
        need_entry(layout::cpu_stack_base(cpu) + offset, 1) = Pte(mfn, pte::core_data);
    }
}

} // namespace skerry
