// SPDX-License-Identifier: MIT
// How a CPU other than the first one starts: in real mode at CPU_START_PAGE (below 1 MiB, where boot/smp.cpp copies the first
// part), through the boot page tables, to start_this_cpu() on its own stack. One CPU at a time.
#include "arch/x86_64/layout.h"
#include "boot/cpu_start.h"

#define PHYS(symbol) (symbol - LAYOUT_IMAGE_VIRT + LAYOUT_IMAGE_PHYS)
#define LOW(symbol) (symbol - cpu_start_code + CPU_START_ADDRESS)

    .section .rodata
    .code16
    .globl cpu_start_code, cpu_start_code_end
    .balign 8
cpu_start_code:
    cli
    cld
    xor %ax, %ax
    mov %ax, %ds
    lgdtl LOW(low_gdt_register)
    mov $0x11, %eax // ET, PE
    mov %eax, %cr0
    ljmpl $8, $cpu_start_32
    .balign 8
low_gdt:
    .quad 0
    .quad 0x00cf9b000000ffff // 0x08: 32-bit code
    .quad 0x00cf93000000ffff // 0x10: data
low_gdt_register:
    .short low_gdt_register - low_gdt - 1
    .long LOW(low_gdt)
cpu_start_code_end:

    .section .start, "ax", @progbits
    .code32
cpu_start_32:
    mov $0x10, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $PHYS(cpu_start_scratch_end), %esp
    mov $PHYS(boot_l4), %eax
    mov %eax, %cr3
    call enable_long_mode
    lgdt boot_gdt_register
    ljmp $8, $cpu_start_64

    .code64
cpu_start_64:
    movabs $1f, %rax
    jmp *%rax

    .text
1:  xor %eax, %eax
    mov %eax, %ss
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %fs
    mov %eax, %gs
    mov cpu_start_cr3(%rip), %rax // the stack is only in the real page tables
    mov %rax, %cr3
    mov cpu_start_stack(%rip), %rsp
    call start_this_cpu
    ud2

    // void continue_on_stack(uint64_t rsp, void (*next)())
    .globl continue_on_stack
continue_on_stack:
    mov %rdi, %rsp
    call *%rsi
    ud2

    .bss
    .balign 8
cpu_start_scratch: .skip 32
cpu_start_scratch_end:
    .globl cpu_start_cr3, cpu_start_stack
cpu_start_cr3: .skip 8
cpu_start_stack: .skip 8

    .section .note.GNU-stack, "", @progbits
