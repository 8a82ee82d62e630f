// SPDX-License-Identifier: MIT
// For assembly: the general registers onto the stack and back, as ExceptionFrame (kernel/traps.h) has them.
.macro  push_registers
        .irp    register, rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
        push    %\register
        .endr
.endm

.macro  pop_registers
        .irp    register, r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax
        pop     %\register
        .endr
.endm
