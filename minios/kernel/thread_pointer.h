// SPDX-License-Identifier: MIT
// The %fs base, which a language runtime uses as thread pointer. The kernel itself never uses %fs.
#pragma once

namespace minios {

/// The processor has WRFSBASE, and this domain may use it.
extern bool thread_pointer_by_instruction;

void set_thread_pointer_slowly(void* block);
inline void set_thread_pointer(void* block) {
    if (!thread_pointer_by_instruction) [[unlikely]]
        return set_thread_pointer_slowly(block);
    asm volatile("wrfsbase %0" : : "r"(block));
}

} // namespace minios
