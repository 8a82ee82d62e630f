// SPDX-License-Identifier: MIT
// How registers get into a RegisterFrame and out of it. The one set of macros that entry.S is made of.
#pragma once

#include "arch/x86_64/cpu_local.h"
#include "arch/x86_64/register_frame.h"
#include "arch/x86_64/smap.h"

#define RING3_CS32 0xe023
#define RING3_CS64 0xe033
#define RING3_SS 0xe02b
#define RING0_CS 0xe008
#define RING0_SS 0xe010
#define VECTOR_SYSCALL -1
#define VECTOR_SYSCALL32 -2
#define VECTOR_SYSENTER -3
// traps/exit.h
#define LEAVE_AFTER_WORK 2

// clang-format off
// The general registers below an already pushed error code and vector word. Afterwards rsp is the RegisterFrame.
.macro PUSH_SCRATCH_REGISTERS
    push %r9
    push %r8
    push %r10
    push %rdx
    push %rsi
    push %rdi
    push %rax
    push %rcx
    push %r11
.endm
.macro PUSH_REGISTERS
    PUSH_SCRATCH_REGISTERS
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
.endm

.macro SAVE_PRESERVED_REGISTERS
    mov %r15, FRAME_R15(%rsp)
    mov %r14, FRAME_R14(%rsp)
    mov %r13, FRAME_R13(%rsp)
    mov %r12, FRAME_R12(%rsp)
    mov %rbp, FRAME_RBP(%rsp)
    mov %rbx, FRAME_RBX(%rsp)
.endm

// C++ preserves these: they are loaded only if somebody wrote to the frame (or it is another vCPU's).
.macro LOAD_PRESERVED_REGISTERS
    mov FRAME_R15(%rsp), %r15
    mov FRAME_R14(%rsp), %r14
    mov FRAME_R13(%rsp), %r13
    mov FRAME_R12(%rsp), %r12
    mov FRAME_RBP(%rsp), %rbp
    mov FRAME_RBX(%rsp), %rbx
.endm

// All that C++ does not preserve but rcx and r11.
.macro LOAD_SCRATCH_REGISTERS
    mov FRAME_R10(%rsp), %r10
    mov FRAME_R9(%rsp), %r9
    mov FRAME_R8(%rsp), %r8
    mov FRAME_RAX(%rsp), %rax
    mov FRAME_RDX(%rsp), %rdx
    mov FRAME_RSI(%rsp), %rsi
    mov FRAME_RDI(%rsp), %rdi
.endm

// Leave by SYSRET, with the preserved registers loaded, or go to `not_canonical`: SYSRET to a non-canonical rip would
// fault in ring 0 on the guest's stack (Intel SDM, SYSRET). A frame marked VECTOR_SYSCALL can have only one such
// rip: 2^47, after a SYSCALL in the last two bytes of the lower half. All others are checked before they get there.
.macro SYSRET not_canonical
    mov FRAME_RIP(%rsp), %rcx
    cmp first_not_canonical(%rip), %rcx
    je \not_canonical
    LOAD_SCRATCH_REGISTERS
    mov FRAME_RFLAGS(%rsp), %r11
    mov FRAME_RSP(%rsp), %rsp
    sysretq
.endm
