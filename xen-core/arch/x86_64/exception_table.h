// SPDX-License-Identifier: MIT
// Instructions of xen-core that may fault on purpose (guest copies, MSRs that may not exist, iret), and where to
// continue if they do. An entry is two 32-bit offsets, each relative to its own address. The trap entry asks
// find_fixup() for any fault taken in ring 0, and panics if there is none.
//
//   C++:       asm volatile("1: rdmsr\n2:\n" EXCEPTION_FIXUP("1b", "3b") ...
//   assembly:  EXCEPTION_FIXUP 1b, 3b
#pragma once

#ifdef __ASSEMBLER__
// clang-format off
.macro EXCEPTION_FIXUP fault, continue_at
    .pushsection .exception_table, "a"
    .balign 4
    .long \fault - .
    .long \continue_at - .
    .popsection
.endm
// clang-format on
#else
#include <stdint.h>

// "?": an entry belongs to the function that it is for, so that a linker that drops one copy of an inline function
// drops both.
#define EXCEPTION_FIXUP(fault, continue_at)                                                                            \
    ".pushsection .exception_table, \"a?\"\n .balign 4\n .long " fault " - .\n .long " continue_at " - .\n "           \
    ".popsection\n"

namespace skerry {

// The address at which to continue after a fault at `rip`, or 0. Binary search; the table is sorted once at boot.
uintptr_t find_fixup(uintptr_t rip);
void sort_exception_table();

} // namespace skerry
#endif
