// SPDX-License-Identifier: MIT
// Waiting in the hypervisor. A debugger brings its own (minios/debug/entry.S), and this member of libminios is then left out.
// Events are masked except inside minios_block, and the callback only has to abandon its frame: whatever was interrupted lies between
// the block hypercall and the masking below, where rcx, r11 and the flags hold nothing of value, and Xen masked events when it called us.
#define __ASSEMBLY__ 1
#include <xen/xen.h>

        .text
        .globl  minios_event_callback
        .balign 16
minios_event_callback:
        mov     16(%rsp), %r11          // rip
        mov     40(%rsp), %rsp
        jmp     *%r11

        .globl  minios_block
        .type   minios_block, @function
minios_block:
        push    %rbp
        mov     %rsp, %rbp
        mov     $1, %edi                // SCHEDOP_block
        xor     %esi, %esi
        call    hypercall_page + __HYPERVISOR_sched_op * 32
        movb    $1, minios_shared_info + 1(%rip)        // vcpu_info[0].evtchn_upcall_mask
        pop     %rbp
        ret
        .size   minios_block, . - minios_block

        .section .note.GNU-stack, "", @progbits
