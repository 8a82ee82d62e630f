// SPDX-License-Identifier: MIT
// The one thing that xen-core reads of ACPI's byte code: how to power off. Pure, also tested and fuzzed on the host.
#pragma once

#include "boot/fields.h"

namespace skerry {

struct SleepType {
    uint16_t a; // SLP_TYP for PM1a_CNT
    uint16_t b; // ... for PM1b_CNT
};

// Looks for Name(_S5_, Package(){a, b, ...}) in the body of a definition block (ACPI 7.4.2, 20.2).
inline std::optional<SleepType> find_s5(Bytes code) {
    constexpr uint8_t one_op = 0x01, byte_prefix = 0x0a;
    constexpr char name_and_package[] = "_S5_\x12"; // PackageOp follows the name
    constexpr size_t pattern = sizeof(name_and_package) - 1;
    for (size_t i = 0; i + pattern <= code.size(); ++i) {
        if (memcmp(code.data() + i, name_and_package, pattern) != 0) continue;
        size_t at = i + pattern;
        // The code may end at any moment.
        auto next = [&] { return Field<uint8_t>{at++}(code); };
        // ZeroOp, OneOp, or a byte with its prefix; larger ones do not occur here.
        auto integer = [&]() -> uint16_t {
            uint8_t op = next();
            return op == byte_prefix ? next() : op == one_op;
        };
        // The length field of a package: its first byte says how many more there are.
        for (unsigned more = next() >> 6; more; --more) next();
        next(); // the number of elements
        uint16_t a = integer();
        uint16_t b = integer();
        if (at <= code.size()) return SleepType{a, b};
    }
    return std::nullopt;
}

} // namespace skerry
