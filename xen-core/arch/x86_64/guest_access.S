// SPDX-License-Identifier: MIT
// The general guest copies: eight bytes a turn, then the rest. A fault anywhere ends in `failed`. All return 1, or 0 after
// a fault.
#include "arch/x86_64/code_tables.h"

.text
// rdi: to, rsi: from, rdx: bytes. Either may be the guest's.
.balign 16
.globl copy_from_guest_raw, copy_to_guest_raw
copy_from_guest_raw:
copy_to_guest_raw:
    OPEN_USER_ACCESS
    mov %rdx, %rcx
    shr $3, %rcx
1:  rep movsq
    and $7, %edx
    jz done
    mov %edx, %ecx
2:  rep movsb
done:
    CLOSE_USER_ACCESS
    mov $1, %eax
    ret
    EXCEPTION_FIXUP 1b, failed
    EXCEPTION_FIXUP 2b, failed

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
    jmp done
    EXCEPTION_FIXUP 1b, failed
    EXCEPTION_FIXUP 2b, failed

failed:
    CLOSE_USER_ACCESS
    xor %eax, %eax
    ret

.section .note.GNU-stack, "", @progbits
