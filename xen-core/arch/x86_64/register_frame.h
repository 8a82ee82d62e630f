// SPDX-License-Identifier: MIT
// The registers of an interrupted guest (or of xen-core itself), as the entry code pushes them.
//
// The argument registers of a hypercall stand together in their order, so that they can be used where they are. The
// assembly in entry.S uses the offsets below; they are checked against the structure here.
#pragma once

// Below these offsets are the general registers; entry.S knows their order.
#define FRAME_VECTOR 124
#define FRAME_RIP 128
#define FRAME_CS 136
#define FRAME_RFLAGS 144
#define FRAME_RSP 152
#define FRAME_SIZE 168

#ifndef __ASSEMBLER__

#include "base/types.h"

namespace skerry {

struct RegisterFrame {
    uint64_t r15, r14, r13, r12, rbp,
        rbx; // what C++ preserves: true after SYSCALL only when work was pending (entry.S)
    uint64_t r11, rcx, rax;
    uint64_t rdi, rsi, rdx, r10, r8, r9; // a hypercall's arguments
    uint32_t error_code;
    uint32_t vector; // 0..255, or one of the marks below
    uint64_t rip;
    uint16_t cs, cs_padding[3];
    uint64_t rflags;
    uint64_t rsp;
    uint16_t ss, ss_padding[3];
};

// How the guest entered, where that was not a vector. A frame with vector_syscall leaves by SYSRET, which loads rcx and
// r11 from rip and rflags; everything else leaves by IRET.
inline constexpr uint32_t vector_syscall = 0xffffffff;

static_assert(offsetof(RegisterFrame, rbx) == 40 && offsetof(RegisterFrame, rax) == 64 &&
              offsetof(RegisterFrame, rdi) == 72 && offsetof(RegisterFrame, r9) == 112 &&
              offsetof(RegisterFrame, error_code) == 120 && offsetof(RegisterFrame, ss) == 160);
static_assert(offsetof(RegisterFrame, vector) == FRAME_VECTOR && offsetof(RegisterFrame, rip) == FRAME_RIP &&
              offsetof(RegisterFrame, cs) == FRAME_CS && offsetof(RegisterFrame, rflags) == FRAME_RFLAGS &&
              offsetof(RegisterFrame, rsp) == FRAME_RSP && sizeof(RegisterFrame) == FRAME_SIZE);

} // namespace skerry
#endif
