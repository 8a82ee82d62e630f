// SPDX-License-Identifier: MIT
// What a bounce frame shows of the interrupted code. Pure.
#pragma once

#include "arch/x86_64/instructions.h"

namespace skerry {

namespace bounce {

// What the interrupted code's rflags look like on the guest's stack.
constexpr uint64_t shown_rflags(uint64_t real, bool events_masked, bool show_iopl, uint8_t iopl) {
    uint64_t value = real & ~(rflags::interrupts | rflags::io_privilege);
    if (!events_masked) value |= rflags::interrupts;
    if (show_iopl) value |= uint64_t{iopl} << 12;
    return value;
}

constexpr uint64_t shown_cs(uint16_t real, bool in_kernel, uint8_t events_mask) {
    return (in_kernel ? real & 0xfffcu : real) | uint64_t{events_mask} << 32;
}

// The flags that a trap clears (Intel SDM volume 3, 6.12.1.3), and alignment checks.
inline constexpr uint64_t cleared_rflags =
    rflags::trap | rflags::nested_task | rflags::resume | rflags::virtual_8086 | rflags::alignment_check;

} // namespace bounce

} // namespace skerry
