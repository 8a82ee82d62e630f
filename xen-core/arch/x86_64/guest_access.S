// SPDX-License-Identifier: MIT
// The general guest copy: eight bytes a turn, then the rest. Returns 1, or 0 after a fault anywhere.
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
    mov $1, %eax
leave:
    CLOSE_USER_ACCESS
    ret
failed:
    xor %eax, %eax
    jmp leave
    EXCEPTION_FIXUP 1b, failed
    EXCEPTION_FIXUP 2b, failed

.section .note.GNU-stack, "", @progbits
