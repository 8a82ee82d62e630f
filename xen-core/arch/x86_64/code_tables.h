// SPDX-License-Identifier: MIT
// Places in xen-core's code that are collected in tables (the image is linked where it runs). boot/ sorts the one and
// patches by the other once, while text is still writable.
//
// Fixups: instructions that may fault on purpose (guest copies, MSRs that may not exist, iret), and where to continue
// if they do. The trap entry asks find_fixup() for any fault taken in ring 0, and panics if there is none.
//
//   C++:       asm volatile("1: rdmsr\n2:\n" EXCEPTION_FIXUP("1b", "3b") ...
//   assembly:  EXCEPTION_FIXUP 1b, 3b
//
// Supervisor-mode access prevention: the two instructions that open and close access to user pages. Built as three-byte
// no-ops; they become stac and clac if SMAP is on (cpu_features.smap). No cost where SMAP is off, one instruction each
// where it is on.
#pragma once

#ifdef __ASSEMBLER__
// clang-format off
.macro EXCEPTION_FIXUP fault, continue_at
    .pushsection .exception_table, "a"
    .balign 8
    .quad \fault, \continue_at
    .popsection
.endm
// `opens`: 1 for stac, 0 for clac.
.macro USER_ACCESS_SITE opens
9871:
    .byte 0x0f, 0x1f, 0x00
    .pushsection .smap_sites, "a"
    .balign 8
    .quad 9871b, \opens
    .popsection
.endm
// clang-format on
#define OPEN_USER_ACCESS USER_ACCESS_SITE 1
// Also on entry from a guest by exception or interrupt: the guest may have set EFLAGS.AC.
#define CLOSE_USER_ACCESS USER_ACCESS_SITE 0
#else
#include <stdint.h>

// "?": an entry belongs to the function that it is for, so that a linker that drops one copy of an inline function
// drops both.
#define EXCEPTION_FIXUP(fault, continue_at)                                                                            \
    ".pushsection .exception_table, \"a?\"\n .balign 8\n .quad " fault ", " continue_at "\n .popsection\n"
#define USER_ACCESS_SITE(opens)                                                                                        \
    "9871: .byte 0x0f, 0x1f, 0x00\n .pushsection .smap_sites, \"a?\"\n .balign 8\n .quad 9871b, " opens                \
    "\n .popsection\n"

namespace skerry {

// The address at which to continue after a fault at `rip`, or 0. Binary search.
uintptr_t find_fixup(uintptr_t rip);
void sort_exception_table();
// Boot CPU, if SMAP is to be used.
void patch_smap_sites();

} // namespace skerry
#endif
