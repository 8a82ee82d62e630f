// SPDX-License-Identifier: MIT
// From the boot loader to C++: multiboot 1 or 2 enters boot_entry in 32-bit protected mode without paging. Checks the few
// things without which nothing works (one line on COM1 and the VGA text screen says what is missing) and calls
// kernel_main(loader's magic, loader's information) in 64-bit mode on a static stack.
//
// The other CPUs start one at a time in real mode at CPU_START_PAGE (below 1 MiB, where boot/main.cpp copies the first part),
// take the same way into 64-bit mode, and reach start_this_cpu() on their own stacks.
//
// The static page tables map the low 4 GiB at 0 and at the direct map, and the image where it is linked.
// boot/memory_start.cpp replaces them.
#include "arch/x86_64/cpu_local.h"
#include "arch/x86_64/layout.h"
#include "arch/x86_64/register_frame.h"
#include "boot/start.h"

#define PHYS(symbol) (symbol - LAYOUT_IMAGE_VIRT + LAYOUT_IMAGE_PHYS)
#define SLOT(address, shift) (((address) >> (shift)) & 511)
#define LOW(symbol) (symbol - cpu_start_code + CPU_START_ADDRESS)

#define MULTIBOOT1_MAGIC 0x1badb002
#define MULTIBOOT1_FLAGS 3 // page-aligned modules, memory information
#define MULTIBOOT2_MAGIC 0xe85250d6

    .section .multiboot, "a", @progbits
    .balign 8
multiboot1_header:
    .long MULTIBOOT1_MAGIC, MULTIBOOT1_FLAGS, -(MULTIBOOT1_MAGIC + MULTIBOOT1_FLAGS)
    .balign 8
#define MULTIBOOT2_SIZE (multiboot2_end - multiboot2_header)
multiboot2_header:
    .long MULTIBOOT2_MAGIC, 0, MULTIBOOT2_SIZE, -(MULTIBOOT2_MAGIC + MULTIBOOT2_SIZE)
    .long 1, 12, 6 // information request: memory map; ACPI root pointers if there are any
    .balign 8
    .long 6, 8 // modules on page boundaries
    .long 0, 8
multiboot2_end:

    .section .start, "ax", @progbits
    .code32
    .globl boot_entry
boot_entry:
    cli
    cld
    mov %eax, %ebp // the loader's magic
    mov %ebx, %edi // and its information

    mov $message_no_multiboot, %esi
    cmp $0x2badb002, %ebp
    je 1f
    cmp $0x36d76289, %ebp
    jne fail
1:
    // Long mode and no-execute, from CPUID's extended leaf.
    mov $message_no_64_bit, %esi
    mov $0x80000000, %eax
    cpuid
    cmp $0x80000001, %eax
    jb fail
    mov $0x80000001, %eax
    cpuid
    bt $29, %edx
    jnc fail
    mov $message_no_nx, %esi
    bt $20, %edx
    jnc fail
    mov $kernel_start, %esi

// To the address space, stack and function that stand at %esi: PAE, EFER.{LME,NXE}, then paging with write protection.
// Needs no stack.
enter_long_mode:
    mov %cr4, %eax
    or $0x20, %eax
    mov %eax, %cr4
    mov $PHYS(boot_l4), %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx
    rdmsr
    or $0x900, %eax
    wrmsr
    mov $0x80010021, %eax // PG, WP, NE, PE
    mov %eax, %cr0
    lgdt boot_gdt_register
    ljmp $0x08, $1f
    .code64
1:  xor %eax, %eax
    mov %eax, %ss // the others are loaded with xen-core's own tables, and not used before
    movabs $enter_function, %rax
    jmp *%rax

    .code32
cpu_start_32:
    mov $0x10, %eax
    mov %eax, %ds
    mov $PHYS(cpu_start), %esi
    jmp enter_long_mode

// One line on both early consoles, then stop. %esi: the text.
fail:
    mov $0xb8000, %edi
    mov $0x07, %bh // light grey
1:  lodsb
    test %al, %al
    jz 3f
    mov %al, %bl
    mov $0x3fd, %dx // COM1, line status
    mov $0x10000, %ecx
2:  inb %dx, %al
    test $0x20, %al
    loopz 2b
    mov %ebx, %eax
    mov $0x3f8, %dx
    outb %al, %dx
    stosw
    jmp 1b
3:  hlt
    jmp 3b

message_no_multiboot: .asciz "xen-core: cannot start: not started by a multiboot 1 or 2 loader\r\n"
message_no_64_bit: .asciz "xen-core: cannot start: this CPU has no 64-bit mode\r\n"
message_no_nx: .asciz "xen-core: cannot start: this CPU has no no-execute (NX) page protection, or the firmware disabled it\r\n"

    .balign 8
kernel_start: .quad PHYS(boot_l4), boot_stack + CPU_STACK_FRAME_END - FRAME_SIZE, kernel_main // CpuLocal is above the stack
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff // 0x08: 64-bit code
    .quad 0x00cf93000000ffff // 0x10: data
    .quad 0x00cf9b000000ffff // 0x18: 32-bit code
boot_gdt_register:
    .short boot_gdt_register - boot_gdt - 1
    .long boot_gdt

    .section .rodata
    .code16
    .globl cpu_start_code
cpu_start_code:
    cli
    cld
    xor %ax, %ax
    mov %ax, %ds
    lgdtl LOW(1f)
    mov $0x11, %eax // ET, PE
    mov %eax, %cr0
    ljmpl $0x18, $cpu_start_32
1:  .short boot_gdt_register - boot_gdt - 1
    .long boot_gdt
    .org cpu_start_code + CPU_START_SIZE

    .text
    .code64
enter_function:
    mov %esi, %esi // without what may stand above
    mov (%rsi), %rax
    mov 8(%rsi), %rdx
    mov 16(%rsi), %rbx
    mov %rax, %cr3 // a CPU's stack is only in the real page tables, and the low addresses are not
    mov %edi, %esi // kernel_main(magic, information)
    mov %ebp, %edi
    mov %rdx, %rsp
    jmp *%rbx

    // void continue_on_stack(uint64_t rsp, void (*next)())
    .globl continue_on_stack
continue_on_stack:
    mov %rdi, %rsp
    jmp *%rsi

    .data
    .balign 4096
boot_l4:
    .quad PHYS(boot_l3) + 3
    .org boot_l4 + 8 * SLOT(LAYOUT_IMAGE_VIRT, 39)
    .quad PHYS(boot_image_l3) + 3
    .org boot_l4 + 8 * SLOT(LAYOUT_DIRECT_MAP, 39)
    .quad PHYS(boot_l3) + 3
    .org boot_l4 + 4096
boot_l3:
    .quad PHYS(boot_l2) + 3, PHYS(boot_l2) + 0x1003, PHYS(boot_l2) + 0x2003, PHYS(boot_l2) + 0x3003
    .org boot_l3 + 4096
boot_l2: // 4 GiB in 2 MiB pages
    .set entry, 0x83
    .rept 4 * 512
    .quad entry
    .set entry, entry + 0x200000
    .endr
boot_image_l3:
    .org boot_image_l3 + 8 * SLOT(LAYOUT_IMAGE_VIRT, 30)
    .quad PHYS(boot_image_l2) + 3
    .org boot_image_l3 + 4096
boot_image_l2: // two of them
    .org boot_image_l2 + 8 * SLOT(LAYOUT_IMAGE_VIRT, 21)
    .quad LAYOUT_IMAGE_PHYS + 0x83, LAYOUT_IMAGE_PHYS + 0x200083
    .org boot_image_l2 + 4096

    .section .bss.stack, "aw", @nobits
    .balign CPU_STACK_SIZE // so that cpu_local() works from the first line of C++
    .globl boot_stack
boot_stack: .skip CPU_STACK_SIZE

    .section .note.GNU-stack, "", @progbits
