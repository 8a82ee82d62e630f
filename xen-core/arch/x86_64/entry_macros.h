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
// traps/entry.h
#define LEAVE_AFTER_WORK 2

// Around calls of C++ the frame stands 8 bytes above rsp, which keeps the stack aligned to 16 as C++ expects.
#define AT(field) 8 + field(% rsp)

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
    mov %r15, AT(FRAME_R15)
    mov %r14, AT(FRAME_R14)
    mov %r13, AT(FRAME_R13)
    mov %r12, AT(FRAME_R12)
    mov %rbp, AT(FRAME_RBP)
    mov %rbx, AT(FRAME_RBX)
.endm

// C++ preserves these: they are loaded only if somebody wrote to the frame (or it is another vCPU's).
.macro LOAD_PRESERVED_REGISTERS
    mov AT(FRAME_R15), %r15
    mov AT(FRAME_R14), %r14
    mov AT(FRAME_R13), %r13
    mov AT(FRAME_R12), %r12
    mov AT(FRAME_RBP), %rbp
    mov AT(FRAME_RBX), %rbx
.endm

// All that C++ does not preserve but rcx and r11.
.macro LOAD_SCRATCH_REGISTERS
    mov AT(FRAME_R10), %r10
    mov AT(FRAME_R9), %r9
    mov AT(FRAME_R8), %r8
    mov AT(FRAME_RAX), %rax
    mov AT(FRAME_RDX), %rdx
    mov AT(FRAME_RSI), %rsi
    mov AT(FRAME_RDI), %rdi
.endm

// Leave by SYSRET, with the preserved registers loaded, or go to `not_canonical`: SYSRET to a non-canonical rip would
// fault in ring 0 on the guest's stack (Intel SDM, SYSRET). A frame marked VECTOR_SYSCALL can have only one such
// rip: 2^47, after a SYSCALL in the last two bytes of the lower half. All others are checked before they get there.
.macro SYSRET not_canonical
    mov AT(FRAME_RIP), %rcx
    cmp first_not_canonical(%rip), %rcx
    je \not_canonical
    LOAD_SCRATCH_REGISTERS
    mov AT(FRAME_RFLAGS), %r11
    mov AT(FRAME_RSP), %rsp
    sysretq
.endm
