// SPDX-License-Identifier: MIT
// The one thing that xen-core reads of ACPI's byte code: how to power off. Pure, also tested and fuzzed on the host.
#pragma once

#include <optional>
#include <span>
#include <stdint.h>

namespace skerry {

struct SleepType {
    uint16_t a; // SLP_TYP for PM1a_CNT
    uint16_t b; // ... for PM1b_CNT
};

// Looks for Name(_S5_, Package(){a, b, ...}) in the body of a definition block (ACPI 7.4.2, 20.2).
std::optional<SleepType> find_s5(std::span<const uint8_t> code);

} // namespace skerry
