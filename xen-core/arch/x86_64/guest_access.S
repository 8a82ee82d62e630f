// SPDX-License-Identifier: MIT
// The general guest copies: eight bytes a turn, then the rest. A fault anywhere ends in `fail`.
#include "arch/x86_64/code_tables.h"

.text
// rdi: to, rsi: from, rdx: bytes. Returns 1, or 0 after a fault.
.macro COPY name
.balign 16
.globl \name
\name:
    OPEN_USER_ACCESS
    mov %rdx, %rcx
    shr $3, %rcx
1:  rep movsq
    and $7, %edx
    jz 3f
    mov %edx, %ecx
2:  rep movsb
3:  CLOSE_USER_ACCESS
    mov $1, %eax
    ret
    EXCEPTION_FIXUP 1b, copy_failed
    EXCEPTION_FIXUP 2b, copy_failed
.endm

COPY copy_from_guest_raw
COPY copy_to_guest_raw

// rdi: to, rsi: bytes.
.balign 16
.globl clear_guest_raw
clear_guest_raw:
    OPEN_USER_ACCESS
    mov %rsi, %rcx
    shr $3, %rcx
    xor %eax, %eax
1:  rep stosq
    and $7, %esi
    mov %esi, %ecx
2:  rep stosb
    CLOSE_USER_ACCESS
    mov $1, %eax
    ret
    EXCEPTION_FIXUP 1b, copy_failed
    EXCEPTION_FIXUP 2b, copy_failed

copy_failed:
    CLOSE_USER_ACCESS
    xor %eax, %eax
    ret

.section .note.GNU-stack, "", @progbits
