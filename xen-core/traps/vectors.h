// SPDX-License-Identifier: MIT
// The numbers of the exceptions and of what their error codes say (Intel SDM volume 3, 6.3.1 and 6.13).
#pragma once

#include "base/types.h"

namespace skerry {

namespace vector {
inline constexpr unsigned divide_error = 0, debug = 1, nmi = 2, breakpoint = 3, overflow = 4, bound_range = 5,
                          invalid_opcode = 6, device_not_available = 7, double_fault = 8, invalid_tss = 10,
                          segment_not_present = 11, stack_fault = 12, general_protection = 13, page_fault = 14,
                          fpu_error = 16, alignment_check = 17, machine_check = 18, simd_error = 19,
                          control_protection = 21, first_interrupt = 32, int80 = 0x80;

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

} // namespace skerry
