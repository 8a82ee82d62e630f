// SPDX-License-Identifier: MIT
// Start of the domain, the ELF notes its builder reads, entries from the hypervisor, and threads. Blocking is in blocking.S.
// Xen pushes onto the current stack (we are always in kernel mode): rcx, r11, [error code], rip, cs, rflags, rsp, ss.
#define __ASSEMBLY__ 1
#include <xen/xen.h>
#include <xen/elfnote.h>
#include <xen/features.h>

#include "minios/arch/x86_64/registers.inc"

#define BOOT_STACK_SIZE (64 * 1024)

        .cfi_sections .debug_frame      // for debuggers; nothing of it is loaded

        .section .text.entry, "ax"
        .globl  minios_entry
        .type   minios_entry, @function
minios_entry:
        .cfi_startproc
        .cfi_undefined %rip             // nobody called
        cld
        mov     %rsi, %rdi              // start_info
        lea     boot_stack_top(%rip), %rsp
        xor     %ebp, %ebp
        push    %rbp                    // end of the frame chain
        push    %rbp
        call    minios_start
        ud2
        .cfi_endproc
        .size   minios_entry, . - minios_entry

        .section .text.hypercall_page, "ax"
        .globl  hypercall_page
        .balign 4096
hypercall_page:
        // What the hypervisor writes here (<xen/arch-x86/xen-x86_64.h>): push %rcx; push %r11; mov; syscall; pop %r11; pop %rcx; ret.
        .rept   4096 / 32
        .cfi_startproc
        .skip   1
        .cfi_adjust_cfa_offset 8
        .skip   2
        .cfi_adjust_cfa_offset 8
        .skip   5 + 2 + 2
        .cfi_adjust_cfa_offset -8
        .skip   1
        .cfi_adjust_cfa_offset -8
        .skip   32 - 13
        .cfi_endproc
        .endr

// --- ELF notes ------------------------------------------------------------------------------------------------------
.macro  note type, payload:vararg
        .pushsection .note.Xen, "a", @note
        .balign 4
        .long   2f - 1f
        .long   4f - 3f
        .long   \type
1:      .asciz  "Xen"
2:      .balign 4
3:      \payload
4:      .balign 4
        .popsection
.endm

        note    XEN_ELFNOTE_GUEST_OS, .asciz "minios"
        note    XEN_ELFNOTE_GUEST_VERSION, .asciz "skerry"
        note    XEN_ELFNOTE_LOADER, .asciz "generic"
        note    XEN_ELFNOTE_XEN_VERSION, .asciz "xen-3.0"
        note    XEN_ELFNOTE_VIRT_BASE, .quad minios_text_start
        note    XEN_ELFNOTE_PADDR_OFFSET, .quad minios_text_start
        note    XEN_ELFNOTE_ENTRY, .quad minios_entry
        note    XEN_ELFNOTE_HYPERCALL_PAGE, .quad hypercall_page
        note    XEN_ELFNOTE_MOD_START_PFN, .long 1
        note    XEN_ELFNOTE_SUPPORTED_FEATURES, .long (1 << XENFEAT_dom0)

// --- exceptions -----------------------------------------------------------------------------------------------------
// Builds an ExceptionFrame (kernel/traps.h) on the interrupted stack.
.macro  exception vector, has_error
        .balign 16
exception_\vector:
        pop     %rcx
        pop     %r11
        .if     \has_error == 0
        push    $0
        .endif
        push    $\vector
        jmp     minios_exception_common
.endm

        .text
        .globl  minios_exception_common
        .balign 16
minios_exception_common:
        push_registers
        mov     %rsp, %rdi
        mov     %rsp, %rbx
        and     $-16, %rsp
        cld
        call    minios_exception
        mov     %rbx, %rsp
        pop_registers
        add     $16, %rsp               // vector, error code
        orb     $3, 8(%rsp)             // from the guest kernel to itself: a plain iretq (arch-x86/xen-x86_64.h)
        iretq

        .irp    vector, 0, 1, 2, 3, 4, 5, 6, 7, 9, 16, 18, 19, 20
        exception \vector, 0
        .endr
        .irp    vector, 8, 10, 11, 12, 13, 14, 17, 21
        exception \vector, 1
        .endr

        .section .rodata
        .globl  minios_exception_entries
        .balign 8
minios_exception_entries:
        .irp    vector, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
        .quad   exception_\vector
        .endr
        .quad   0
        .irp    vector, 16, 17, 18, 19, 20, 21
        .quad   exception_\vector
        .endr

// --- callbacks that nobody expects -----------------------------------------------------------------------------------
        .text
        .globl  minios_failsafe_callback
minios_failsafe_callback:
        mov     %rsp, %rdi
        and     $-16, %rsp
        call    minios_failsafe
        ud2

        .globl  minios_syscall_callback
minios_syscall_callback:
        ud2                             // nothing here runs in user mode

// --- threads --------------------------------------------------------------------------------------------------------
// void minios_switch(void** save_stack_pointer (rdi), void* new_stack_pointer (rsi))
        .globl  minios_switch
        .type   minios_switch, @function
minios_switch:
        push    %rbp
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        sub     $8, %rsp
        stmxcsr (%rsp)
        fnstcw  4(%rsp)
        mov     %rsp, (%rdi)
        mov     %rsi, %rsp
        ldmxcsr (%rsp)
        fldcw   4(%rsp)
        add     $8, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbx
        pop     %rbp
        ret
        .size   minios_switch, . - minios_switch

// First return of a new thread, whose Thread is in rbx.
        .globl  minios_thread_start
minios_thread_start:
        .cfi_startproc
        .cfi_undefined %rip             // a thread's first function
        mov     %rbx, %rdi
        xor     %ebp, %ebp
        push    %rbp                    // end of the frame chain; the stack is aligned to 16 here
        call    minios_thread_main
        ud2
        .cfi_endproc

// int minios_call_on_stack(void* stack_top (rdi), int (*function)(void*) (rsi), void* context (rdx))
        .globl  minios_call_on_stack
        .type   minios_call_on_stack, @function
minios_call_on_stack:
        .cfi_startproc
        .cfi_undefined %rip             // debuggers refuse to follow callers onto another stack: it may lie below
        push    %rbp
        mov     %rsp, %rbp
        push    %rbx
        mov     %rsp, %rbx
        mov     %rdi, %rsp
        mov     %rdx, %rdi
        call    *%rsi
        mov     %rbx, %rsp
        pop     %rbx
        pop     %rbp
        ret
        .cfi_endproc
        .size   minios_call_on_stack, . - minios_call_on_stack

// --- stacks and pages ------------------------------------------------------------------------------------------------
        .section .bss.page_aligned, "aw", @nobits
        .balign 4096
        .globl  minios_boot_stack_guard
minios_boot_stack_guard:
        .skip   4096
        .skip   BOOT_STACK_SIZE
boot_stack_top:
        .globl  minios_shared_info
minios_shared_info:
        .skip   4096                    // mapped over at start
        .globl  minios_zero_page
minios_zero_page:
        .skip   4096

        .section .note.GNU-stack, "", @progbits
