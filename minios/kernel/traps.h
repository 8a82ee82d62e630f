// SPDX-License-Identifier: MIT
// The registers of an interrupted thread, as entry.S pushes them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace minios {

struct ExceptionFrame {
    std::uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
    std::uint64_t vector, error_code;
    std::uint64_t rip, cs, rflags, rsp, ss;
};
static_assert(offsetof(ExceptionFrame, vector) == 15 * 8 && sizeof(ExceptionFrame) == 22 * 8);

void print_registers(const ExceptionFrame& frame);

/// "page fault" and the like.
const char* exception_name(std::uint64_t vector);
/// Says it, with registers and a back trace, and ends the domain.
[[noreturn]] void end_by_exception(const ExceptionFrame& frame);

} // namespace minios
