// SPDX-License-Identifier: MIT
// The last instructions of the loader: see hand_over.h. Position-independent; copied to the start of the hand-over page.
// Hypercalls are made by SYSCALL itself, because the hypercall page of neither side is mapped throughout.
#define __ASSEMBLY__ 1
#include <xen/xen.h>

#define DATA                2048
#define SWITCH_TABLES       (DATA + 0)
#define REMOVE_ALIAS        (DATA + 48)
#define NATURAL             (DATA + 64)
#define STACK               (DATA + 72)
#define START_INFO          (DATA + 80)
#define ENTRY               (DATA + 88)
#define AT(offset)          (skerry_hand_over_code + (offset))(%rip)

        .section .rodata.hand_over, "a"
        .balign 16
        .globl  skerry_hand_over_code
        .globl  skerry_hand_over_code_end
skerry_hand_over_code:
        lea     AT(SWITCH_TABLES), %rdi
        mov     $2, %esi
        xor     %edx, %edx
        mov     $DOMID_SELF, %r10d
        mov     $__HYPERVISOR_mmuext_op, %eax
        syscall
        test    %rax, %rax
        jnz     failed

        lea     natural_code(%rip), %rax
        lea     skerry_hand_over_code(%rip), %rcx
        sub     %rcx, %rax
        add     AT(NATURAL), %rax
        jmp     *%rax

natural_code:
        lea     AT(REMOVE_ALIAS), %rdi
        mov     $1, %esi
        xor     %edx, %edx
        mov     $DOMID_SELF, %r10d
        mov     $__HYPERVISOR_mmu_update, %eax
        syscall
        test    %rax, %rax
        jnz     failed

        mov     AT(STACK), %rsp
        mov     $FLAT_KERNEL_SS, %edi
        mov     %rsp, %rsi
        mov     $__HYPERVISOR_stack_switch, %eax
        syscall
        test    %rax, %rax
        jnz     failed

        fninit
        movl    $0x1f80, -8(%rsp)       // MXCSR after reset
        ldmxcsr -8(%rsp)
        movl    $0, -8(%rsp)
        xor     %eax, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %fs
        mov     %eax, %gs
        mov     AT(START_INFO), %rsi
        xor     %ebx, %ebx
        xor     %ecx, %ecx
        xor     %edx, %edx
        xor     %edi, %edi
        xor     %ebp, %ebp
        xor     %r8d, %r8d
        xor     %r9d, %r9d
        xor     %r10d, %r10d
        xor     %r11d, %r11d
        xor     %r12d, %r12d
        xor     %r13d, %r13d
        xor     %r14d, %r14d
        xor     %r15d, %r15d
        pushq   $0x202                  // interrupts as they are: not ours to change
        popfq
        jmp     *AT(ENTRY)

// A refused hypercall here is a bug of this loader; the domain ends by executing an undefined instruction, which the hypervisor reports.
failed:
        ud2
skerry_hand_over_code_end:
        .section .note.GNU-stack, "", @progbits
