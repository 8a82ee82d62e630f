// SPDX-License-Identifier: MIT
// The numbers of the exceptions and of what their error codes say (Intel SDM volume 3, 6.3.1 and 6.13), and what a
// guest kernel is shown of the code that a trap interrupted. Pure.
#pragma once

#include "arch/x86_64/instructions.h"

namespace skerry {

namespace vector {
inline constexpr unsigned debug = 1, nmi = 2, breakpoint = 3, overflow = 4, invalid_opcode = 6,
                          device_not_available = 7, double_fault = 8, invalid_tss = 10, general_protection = 13,
                          page_fault = 14, alignment_check = 17, machine_check = 18, control_protection = 21,
                          first_interrupt = 32, int80 = 0x80;

constexpr bool has_error_code(unsigned vector) {
    return vector == double_fault || (vector >= invalid_tss && vector <= page_fault) || vector == alignment_check ||
           vector == control_protection;
}
} // namespace vector

namespace page_fault {
inline constexpr uint32_t present = 1 << 0, write = 1 << 1, user = 1 << 2, reserved = 1 << 3, fetch = 1 << 4;
} // namespace page_fault

// Error codes that name a selector or a gate.
namespace selector_error {
inline constexpr uint32_t external = 1 << 0, interrupt_gate = 1 << 1;
} // namespace selector_error

namespace bounce {
// What the interrupted code's rflags look like on the guest's stack.
constexpr uint64_t shown_rflags(uint64_t real, bool events_masked, bool show_iopl, const uint8_t& iopl) {
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
