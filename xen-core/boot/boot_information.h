// SPDX-License-Identifier: MIT
// What the boot loader says, multiboot 1 or 2, copied out of its structures (whose memory is then free to be used):
// command line, memory map, modules, ACPI root pointer. References: the Multiboot specification 0.6.96, the Multiboot2
// specification 2.0.
#pragma once

#include "arch/x86_64/layout.h"
#include "arch/x86_64/memory_map.h"
#include "boot/fields.h"

namespace skerry {

inline constexpr size_t max_modules = 64;

// What the loader loaded beside xen-core. Module 0 is the first domain's kernel. The frames stay reserved (not the
// allocator's) until the first domain has its copies.
struct BootModule {
    MachAddr start;           // page-aligned
    uint64_t size;            // bytes, not 0
    const char* command_line; // as the loader gave it, a leading file name included
    const char* arguments;    // the same after the file name

    Bytes bytes() const { return {to_pointer<const uint8_t>(start), size}; }
    Mfn first_frame() const { return frame_of(start); }
    uint64_t frame_count() const { return (size + page_size - 1) >> page_shift; }
};

struct BootInformation {
    const char* loader_name = "an unnamed boot loader";
    const char* command_line = ""; // without the image's own name
    std::span<const MemoryRegion> memory;
    size_t memory_dropped = 0; // regions that did not fit
    std::span<const BootModule> modules;
    Bytes rsdp; // empty: the loader passed none
};

extern BootInformation boot_information;

// Fills boot_information. A one-line reason when the loader's information is unusable, else nullptr.
const char* read_boot_information(uint32_t magic, uint32_t address);

} // namespace skerry
