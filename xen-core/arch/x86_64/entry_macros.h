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

// clang-format off
// The general registers below an already pushed error code and vector word. Afterwards rsp is the RegisterFrame.
.macro PUSH_REGISTERS
    push %rdi
    push %rsi
    push %rdx
    push %rcx
    push %rax
    push %r8
    push %r9
    push %r10
    push %r11
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
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

// Leave by SYSRET if the frame is marked so, with the preserved registers loaded. Falls through if IRET must be used.
// SYSRET to a non-canonical rip would fault in ring 0 on the guest's stack (Intel SDM, SYSRET): such a rip takes IRET,
// whose fault is fixed up.
.macro SYSRET_IF_MARKED
    cmpl $VECTOR_SYSCALL, FRAME_VECTOR(%rsp)
    jne 99f
    mov FRAME_RIP(%rsp), %rcx
    mov %rcx, %rax
    shl $16, %rax
    sar $16, %rax
    cmp %rcx, %rax
    jne 99f
    LOAD_SCRATCH_REGISTERS
    mov FRAME_RFLAGS(%rsp), %r11
    mov FRAME_RSP(%rsp), %rsp
    sysretq
99:
.endm
