// SPDX-License-Identifier: MIT
// From the firmware's memory map to memory/'s allocator. Boot CPU only.
#pragma once

namespace skerry {

// What is RAM and not taken: not the first MiB, not the image, not the modules. Fills boot_memory.
void reserve_boot_memory();

// Frame table and machine-to-physical table, then all that is left of boot_memory to the allocator.
void start_memory();

} // namespace skerry
