// SPDX-License-Identifier: MIT
// The judge of segment descriptors (Intel SDM volume 3, 3.4.5 and 3.5): what may stand in a GDT or LDT page of a guest.
// Pure.
#pragma once

#include <stdint.h>

namespace skerry::rules {

// A legal descriptor may be changed: code and data segments get privilege level 3, whatever the guest asked for.
// Refused are all system descriptors that could be loaded or passed through (gates, task states, LDTs).
constexpr bool judge_descriptor(uint64_t& descriptor) {
    constexpr uint64_t present = uint64_t{1} << 47;
    constexpr uint64_t code_or_data = uint64_t{1} << 44;
    constexpr uint64_t privilege = uint64_t{3} << 45;
    constexpr uint64_t type = uint64_t{15} << 40;
    if (!(descriptor & present)) return true; // using it faults
    if (descriptor & code_or_data) {
        descriptor |= privilege;
        return true;
    }
    return !(descriptor & type); // type 0 is reserved: using it faults
}

} // namespace skerry::rules
