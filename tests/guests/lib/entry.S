/* SPDX-License-Identifier: MIT */
/* The only assembly of the tiny guests: first instruction, hypercall page, entries from Xen, and the way back.
   Entries build the Frame of traps.h. Xen pushes rcx and r11 below its own frame (xen/arch-x86/xen-x86_64.h). */
#include <xen/xen.h>

    .section .text.entry, "ax"
    .globl guest_entry
guest_entry:                        /* rsi = start_info; the stack is Xen's and small */
    mov     %rsp, first_registers(%rip)
    lea     first_registers + 18 * 8(%rip), %rsp
    pushfq
    push    %r15
    push    %r14
    push    %r13
    push    %r12
    push    %r11
    push    %r10
    push    %r9
    push    %r8
    push    %rdi
    push    %rsi
    push    %rbp
    push    %rbx
    push    %rdx
    push    %rcx
    push    %rax
    cld
    mov     %ds, first_selectors(%rip)
    mov     %es, first_selectors + 2(%rip)
    mov     %fs, first_selectors + 4(%rip)
    mov     %gs, first_selectors + 6(%rip)
    lea     stacks_end_of_vcpu0(%rip), %rsp
    xor     %ebp, %ebp
    mov     %rsi, %rdi
    call    guest_main
    ud2

    .globl second_vcpu_entry
second_vcpu_entry:                  /* rdi = function; rsp set by the vCPU's context */
    cld
    xor     %ebp, %ebp
    call    *%rdi
1:  mov     $1, %edi                /* SCHEDOP_block: a function that returns parks its vCPU */
    xor     %esi, %esi
    call    hypercall_page + __HYPERVISOR_sched_op * 32
    jmp     1b

    .balign 4096
    .globl hypercall_page
hypercall_page:
    .skip 4096

    .text
common_entry:                       /* stack: vector rax r11 rcx error rip cs rflags rsp ss */
    push    %rdx
    push    %rdi
    push    %rsi
    push    %r8
    push    %r9
    push    %r10
    push    %rbx
    push    %rbp
    push    %r12
    push    %r13
    push    %r14
    push    %r15
    cld
    mov     %rsp, %rdi
    mov     %rsp, %rbp
    and     $-16, %rsp
    call    guest_dispatch
    mov     %rbp, %rsp
    .globl resume_frame
resume_frame:                       /* rsp = Frame */
    pop     %r15
    pop     %r14
    pop     %r13
    pop     %r12
    pop     %rbp
    pop     %rbx
    pop     %r10
    pop     %r9
    pop     %r8
    pop     %rsi
    pop     %rdi
    pop     %rdx
    add     $8, %rsp
    pop     %rax
    pop     %r11
    pop     %rcx
    movq    $0, (%rsp)              /* the error code's place holds the flags of struct iret_context */
    jmp     hypercall_page + __HYPERVISOR_iret * 32

    .globl resume_from
resume_from:                        /* rdi = Frame */
    mov     %rdi, %rsp
    jmp     resume_frame

.macro entry name, vector, has_error
    .balign 16
    .globl \name
\name:
    pop     %rcx
    pop     %r11
    .if \has_error == 0
    push    $0
    .endif
    push    %rcx
    push    %r11
    push    %rax
    push    $\vector
    jmp     common_entry
.endm

.altmacro
.macro trap_entry n
    entry trap_entry_\n, \n, 0
.endm
.macro trap_entry_with_error n
    entry trap_entry_\n, \n, 1
.endm
.irp n, 0,1,2,3,4,5,6,7,9,15,16,18,19,20,22,23,24,25,26,27,28,31
    trap_entry \n
.endr
.irp n, 8,10,11,12,13,14,17,21,29,30
    trap_entry_with_error \n
.endr
    entry event_entry, 256, 0
    entry syscall_entry, 257, 0
    entry sysenter_entry, 258, 0
    entry nmi_entry, 259, 0
    entry soft_trap_entry, 260, 0     /* for int $n with n >= 32 */

    .balign 16
    .globl failsafe_entry           /* stack: rcx r11 ds es fs gs rip cs rflags rsp ss */
failsafe_entry:
    mov     16(%rsp), %rcx
    mov     %rcx, failsafe_selectors(%rip)
    mov     24(%rsp), %rcx
    mov     %rcx, failsafe_selectors + 8(%rip)
    mov     32(%rsp), %rcx
    mov     %rcx, failsafe_selectors + 16(%rip)
    mov     40(%rsp), %rcx
    mov     %rcx, failsafe_selectors + 24(%rip)
    mov     0(%rsp), %rcx
    mov     8(%rsp), %r11
    add     $48, %rsp
    push    $0
    push    %rcx
    push    %r11
    push    %rax
    push    $261
    jmp     common_entry

    .section .rodata
    .globl trap_entries
    .balign 8
trap_entries:
.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    .quad trap_entry_\n
.endr

    .text
    .globl save_point
save_point:                         /* rdi = SavePoint; returns 0, and once more when restored */
    mov     (%rsp), %rax
    mov     %rax, 0(%rdi)
    lea     8(%rsp), %rax
    mov     %rax, 8(%rdi)
    mov     %rbx, 16(%rdi)
    mov     %rbp, 24(%rdi)
    mov     %r12, 32(%rdi)
    mov     %r13, 40(%rdi)
    mov     %r14, 48(%rdi)
    mov     %r15, 56(%rdi)
    xor     %eax, %eax
    ret
    .globl restore_point
restore_point:                      /* rdi = SavePoint */
    mov     8(%rdi), %rsp
    mov     16(%rdi), %rbx
    mov     24(%rdi), %rbp
    mov     32(%rdi), %r12
    mov     40(%rdi), %r13
    mov     48(%rdi), %r14
    mov     56(%rdi), %r15
    mov     $1, %eax
    jmp     *0(%rdi)

    .data                           /* what the first instruction found: struct FirstRegisters */
    .balign 16
    .globl first_registers, first_selectors
first_registers:
    .skip   18 * 8
first_selectors:
    .skip   8

    .bss
    .balign 4096
    .globl stacks_start
stacks_start:
    .skip 16384
    .globl stacks_end_of_vcpu0
stacks_end_of_vcpu0:
    .skip 16384
    .globl stacks_end_of_vcpu1
stacks_end_of_vcpu1:
    .skip 16384
    .globl entry_stack_end         /* kernel stack for entries from user mode */
entry_stack_end:
    .section .note.GNU-stack, "", @progbits
