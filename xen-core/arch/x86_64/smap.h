// SPDX-License-Identifier: MIT
// Supervisor-mode access prevention: the two instructions that open and close access to user pages. Built as three-byte
// no-ops whose addresses are collected; boot turns them into stac and clac if SMAP is on (cpu_features.smap), while
// text is still writable. A site is two words: its offset from the first word, then 0 for clac or 1 for stac. No cost
// where SMAP is off, one instruction each where it is on.
#pragma once

#ifdef __ASSEMBLER__
// clang-format off
.macro USER_ACCESS_SITE kind
9871:
    .byte 0x0f, 0x1f, 0x00
    .pushsection .smap_sites, "a"
    .balign 4
    .long 9871b - .
    .long \kind
    .popsection
.endm
// Entry from a guest by exception or interrupt: the guest may have set EFLAGS.AC, so close access first.
.macro ASM_CLAC
    USER_ACCESS_SITE 0
.endm
.macro ASM_STAC
    USER_ACCESS_SITE 1
.endm
// clang-format on
#else

#define USER_ACCESS_SITE(kind)                                                                                         \
    "9871: .byte 0x0f, 0x1f, 0x00\n .pushsection .smap_sites, \"a?\"\n .balign 4\n .long 9871b - .\n .long " kind      \
    "\n .popsection\n"
#define CLAC USER_ACCESS_SITE("0")
#define STAC USER_ACCESS_SITE("1")

namespace skerry {
[[gnu::always_inline]] inline void open_user_access() { asm volatile(STAC ::: "memory"); }
[[gnu::always_inline]] inline void close_user_access() { asm volatile(CLAC ::: "memory"); }
// Boot CPU, before text becomes read-only, if SMAP is to be used.
void patch_smap_sites();
} // namespace skerry
#endif
