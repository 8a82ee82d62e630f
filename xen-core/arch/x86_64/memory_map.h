// SPDX-License-Identifier: MIT
// What the boot loader passed, for those below boot/ that must report it: the firmware's memory map (e820;
// XENMEM_machine_memory_map) and the command line. Read-only after start-up.
#pragma once

#include "base/types.h"

#include <span>

namespace skerry {

enum class MemoryKind : uint32_t { ram = 1, reserved = 2, acpi_tables = 3, acpi_nvs = 4, unusable = 5 };

struct MemoryRegion {
    uint64_t start; // machine address
    uint64_t size;  // bytes
    MemoryKind kind;

    uint64_t end() const { return start + size; }
};

inline constexpr size_t max_memory_regions = 128;

// Sorted by address, without overlaps.
std::span<const MemoryRegion> machine_memory_map();

// xen-core's own command line (XENVER_commandline).
const char* platform_command_line();

} // namespace skerry
