// SPDX-License-Identifier: MIT
// From the firmware's memory map to xen-core's own address space (arch/x86_64/layout.h: image by sections, direct map,
// frame table, machine-to-physical table, stacks) and memory/'s allocator. Nothing is both writable and executable
// afterwards. Boot CPU only.
#pragma once

#include "base/types.h"

namespace skerry {

// One line on the console and the end, for what a person has to change: too little memory, a missing feature.
[[noreturn, gnu::format(printf, 1, 2)]] void cannot_start(const char* format, ...);

// All three end in cannot_start() when there is too little memory. In this order:
// What is RAM and not taken: not the first MiB, not the image, not the modules.
void reserve_boot_memory();
// From the static tables of boot/start.S to the real ones, and loads them.
void build_address_space();
// Backs the frame table and the machine-to-physical table for all RAM; all that is left goes to the allocator.
void start_memory();

// Maps the stack region of a CPU: fresh pages, or (CPU 0) the static stack that it stands on.
void map_cpu_stack(CpuId cpu);

} // namespace skerry
