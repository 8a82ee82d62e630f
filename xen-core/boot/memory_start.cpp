// SPDX-License-Identifier: MIT
#include "boot/memory_start.h"

#include "arch/x86_64/core_page_tables.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/memory_map.h"
#include "base/log.h"
#include "boot/boot_information.h"
#include "boot/paging.h"
#include "memory/allocator.h"
#include "memory/frame_table.h"

extern "C" const char image_end[];

namespace skerry {

namespace {

constexpr uint64_t low_memory_frames = 256; // firmware's data, the start of other CPUs
constexpr uint64_t least_frames = 1024;     // 4 MiB: below that nothing useful starts

FrameRange whole_frames(uint64_t start, uint64_t end) {
    uint64_t first = start >> page_shift;
    return {first, ((end + page_size - 1) >> page_shift) - first};
}

FrameRange image_range() {
    return whole_frames(layout::image_phys,
                        reinterpret_cast<uint64_t>(image_end) - layout::image_virt + layout::image_phys);
}

FrameRange module_range(const BootModule& module) { return {module.first_frame().value, module.frame_count()}; }

FrameRange ram_range(const MemoryRegion& region) {
    uint64_t first = (region.start + page_size - 1) >> page_shift;
    uint64_t end = region.end() >> page_shift;
    end = end < layout::max_machine_frames ? end : layout::max_machine_frames;
    return {first, end > first ? end - first : 0};
}

template <typename F> void for_each_ram(F&& f) {
    for (const MemoryRegion& region : machine_memory_map())
        if (region.kind == MemoryKind::ram) f(ram_range(region));
}

bool is_all_ram(FrameRange range) {
    bool inside = false;
    for_each_ram([&](FrameRange ram) { inside |= ram.first <= range.first && ram.end() >= range.end(); });
    return inside;
}

// Everything that is RAM and not free is xen-core's own for good, as far as the allocator is concerned.
void hand_over() {
    FreeRanges taken;
    for_each_ram([&](FrameRange ram) { taken.add(ram); });
    for (FrameRange range : boot_memory.all()) taken.remove(range);
    for (FrameRange range : taken.all()) allocator.add_core(Mfn(range.first), range.count);
    for (FrameRange range : boot_memory.all()) allocator.add(Mfn(range.first), range.count);
    if (boot_memory.lost() || taken.lost())
        log(LogLevel::warning, "the memory map is too scattered: %lu frames are not used",
            boot_memory.lost() + taken.lost());
}

Mfn take_core_frame() {
    auto frame = allocator.allocate_core(core_account);
    return frame.ok() ? frame.value() : invalid_mfn;
}

} // namespace

void reserve_boot_memory() {
    if (boot_information.memory_dropped)
        log(LogLevel::warning, "%lu entries of the memory map do not fit and are not used",
            boot_information.memory_dropped);
    for_each_ram([](FrameRange ram) { boot_memory.add(ram); });
    boot_memory.remove({0, low_memory_frames});
    boot_memory.remove(image_range());
    for (const BootModule& module : boot_information.modules.all()) {
        if (!is_all_ram(module_range(module)))
            cannot_start("a module is loaded at %lx, which is not RAM", module.start.value);
        boot_memory.remove(module_range(module));
    }
    if (boot_memory.frames() < least_frames)
        cannot_start("too little memory: %lu KiB beside the modules", boot_memory.frames() * 4);
}

void start_memory() {
    build_frame_tables();
    set_frame_limits(last_ram_frame(), cpu_features.physical_address_bits);
    hand_over();
    core_frame_source = take_core_frame;
    log(LogLevel::info, "memory: %lu MiB free of %lu MiB, frames up to %lx", allocator.free_frames() >> 8,
        allocator.total_frames() >> 8, last_ram_frame().value);
}

void BootModules::release(size_t index) const {
    FrameRange range = module_range(modules_[index]);
    allocator.add(Mfn(range.first), range.count);
}

} // namespace skerry
