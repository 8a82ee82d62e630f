// SPDX-License-Identifier: MIT
// What the boot loader says, multiboot 1 or 2, copied out of its structures (whose memory is then free to be used):
// command line, memory map, modules, ACPI root pointer. References: the Multiboot specification 0.6.96, the Multiboot2
// specification 2.0.
#pragma once

#include "arch/x86_64/memory_map.h"
#include "boot/modules.h"

namespace skerry {

struct BootInformation {
    const char* loader_name = "an unnamed boot loader";
    const char* command_line = ""; // without the image's own name
    MemoryRegion memory[max_memory_regions]{};
    size_t memory_count = 0;
    size_t memory_dropped = 0; // regions that did not fit
    BootModules modules;
    uint8_t rsdp[36]{}; // a copy, if has_rsdp
    bool has_rsdp = false;
};

extern BootInformation boot_information;

// Fills boot_information. A one-line reason when the loader's information is unusable, else nullptr.
const char* read_boot_information(uint32_t magic, uint32_t address);

} // namespace skerry
