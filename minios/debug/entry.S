// SPDX-License-Identifier: MIT
// Entries while a debugger may look: the program runs with events let in, so that the debugger can interrupt it; and the way back
// into the program with every register as the debugger left it. Stands in for arch/x86_64/blocking.S.
#define __ASSEMBLY__ 1
#include <xen/xen.h>

#include "minios/arch/x86_64/registers.inc"

#define UPCALL_MASK (minios_shared_info + 1)    /* vcpu_info[0].evtchn_upcall_mask */
#define EVENT_VECTOR 256                        /* beside the processor's; stub.cpp */

        .cfi_sections .debug_frame

        .text
        .globl  minios_event_callback
        .balign 16
minios_event_callback:
        pop     %rcx
        pop     %r11
        push    $0
        push    $EVENT_VECTOR
        jmp     minios_exception_common

// Events that the callback has seen, and set aside for the scheduler, do not wake a vCPU any more: they are looked at first.
        .globl  minios_block
        .type   minios_block, @function
minios_block:
        .cfi_startproc
        push    %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        mov     %rsp, %rbp
        .cfi_def_cfa_register %rbp
        movb    $1, UPCALL_MASK(%rip)
        cmpq    $0, minios_events_set_aside(%rip)
        jne     1f
        mov     $1, %edi                // SCHEDOP_block
        xor     %esi, %esi
        call    hypercall_page + __HYPERVISOR_sched_op * 32
1:      movb    minios_debug_events_masked(%rip), %al
        movb    %al, UPCALL_MASK(%rip)
        pop     %rbp
        .cfi_def_cfa %rsp, 8
        ret
        .cfi_endproc
        .size   minios_block, . - minios_block

// [[noreturn]] void minios_debug_go_on(ExceptionFrame* (rdi)): loads all of it, in one step with the event mask, which is rflags' IF
// turned round. By the hypercall iret (<xen/arch-x86/xen-x86_64.h>): it takes rax, r11, rcx, flags, rip, cs, rflags, rsp, ss from the
// stack, of which its entry pushes the first three.
        .globl  minios_debug_go_on
        .type   minios_debug_go_on, @function
minios_debug_go_on:
        mov     %rdi, %rsp
        pop_registers
        add     $8, %rsp                // vector
        movq    $0, (%rsp)              // the error code's place: flags, of which none
        jmp     hypercall_page + __HYPERVISOR_iret * 32
        .size   minios_debug_go_on, . - minios_debug_go_on

        .section .note.GNU-stack, "", @progbits
