// SPDX-License-Identifier: MIT
// Builds xen-core's address space (arch/x86_64/layout.h): image by sections, direct map, frame table,
// machine-to-physical table, stacks. Nothing is both writable and executable afterwards. Boot CPU only.
#pragma once

#include "base/types.h"
#include "boot/free_ranges.h"

namespace skerry {

// The RAM that is not taken at boot; build_address_space() draws from it.
extern FreeRanges boot_memory;

// One line on the console and the end, for what a person has to change: too little memory, a missing feature.
[[noreturn, gnu::format(printf, 1, 2)]] void cannot_start(const char* format, ...);

// From the static tables of boot/start.S to the real ones, and loads them. Ends in cannot_start() without memory.
void build_address_space();
// Backs the frame table and the machine-to-physical table for all RAM of the memory map.
void build_frame_tables();

// The last frame of RAM in the memory map.
Mfn last_ram_frame();

// Maps the stack region of a CPU: fresh pages, or (CPU 0) the static stack that it stands on.
void map_cpu_stack(CpuId cpu);

// A zeroed frame from boot_memory or invalid_mfn: the first core_frame_source.
Mfn take_boot_frame();

} // namespace skerry
