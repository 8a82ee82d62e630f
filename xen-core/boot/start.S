// SPDX-License-Identifier: MIT
// From the boot loader to C++: multiboot 1 or 2 enters boot_entry in 32-bit protected mode without paging. Checks the few
// things without which nothing works (one line on COM1 and the VGA text screen says what is missing), maps the low 4 GiB at 0
// and at the direct map and the image where it is linked, and calls kernel_main(loader's magic, loader's information) in 64-bit
// mode on a static stack. boot/paging.cpp replaces these page tables; other CPUs pass through them once more when they start.
#include "arch/x86_64/cpu_local.h"
#include "arch/x86_64/layout.h"
#include "arch/x86_64/register_frame.h"

#define PHYS(symbol) (symbol - LAYOUT_IMAGE_VIRT + LAYOUT_IMAGE_PHYS)
#define SLOT(address, shift) (((address) >> (shift)) & 511)

#define MULTIBOOT1_MAGIC 0x1badb002
#define MULTIBOOT1_FLAGS 3 // page-aligned modules, memory information
#define MULTIBOOT2_MAGIC 0xe85250d6

    .section .multiboot, "a", @progbits
    .balign 8
multiboot1_header:
    .long MULTIBOOT1_MAGIC, MULTIBOOT1_FLAGS, -(MULTIBOOT1_MAGIC + MULTIBOOT1_FLAGS)
    .balign 8
multiboot2_header:
    .long MULTIBOOT2_MAGIC, 0, multiboot2_end - multiboot2_header
    .long -(MULTIBOOT2_MAGIC + multiboot2_end - multiboot2_header)
    .balign 8
    .short 1, 0 // information request: memory map; ACPI root pointers if there are any
    .long 12
    .long 6
    .balign 8
    .short 6, 0 // modules on page boundaries
    .long 8
    .balign 8
    .short 0, 0
    .long 8
multiboot2_end:

    .section .start, "ax", @progbits
    .code32
    .globl boot_entry
boot_entry:
    cli
    cld
    mov %eax, %ebp // the loader's magic
    mov %ebx, %edi // and its information
    mov $PHYS(boot_stack_end), %esp

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

    // Low 4 GiB in 2 MiB pages.
    mov $PHYS(boot_l2), %ebx
    xor %ecx, %ecx
    mov $0x83, %eax
1:  mov %eax, (%ebx, %ecx, 8)
    add $0x200000, %eax
    inc %ecx
    cmp $2048, %ecx
    jne 1b
    // Their four L2 tables, for the identity map and the direct map alike.
    mov $PHYS(boot_l2) + 3, %eax
    mov $PHYS(boot_l3), %ebx
    xor %ecx, %ecx
1:  mov %eax, (%ebx, %ecx, 8)
    add $4096, %eax
    inc %ecx
    cmp $4, %ecx
    jne 1b
    movl $PHYS(boot_l3) + 3, PHYS(boot_l4)
    movl $PHYS(boot_l3) + 3, PHYS(boot_l4) + 8 * SLOT(LAYOUT_DIRECT_MAP, 39)
    // The image: two large pages.
    movl $PHYS(boot_image_l3) + 3, PHYS(boot_l4) + 8 * SLOT(LAYOUT_IMAGE_VIRT, 39)
    movl $PHYS(boot_image_l2) + 3, PHYS(boot_image_l3) + 8 * SLOT(LAYOUT_IMAGE_VIRT, 30)
    movl $LAYOUT_IMAGE_PHYS + 0x83, PHYS(boot_image_l2) + 8 * SLOT(LAYOUT_IMAGE_VIRT, 21)
    movl $LAYOUT_IMAGE_PHYS + 0x200083, PHYS(boot_image_l2) + 8 * SLOT(LAYOUT_IMAGE_VIRT, 21) + 8

    mov $PHYS(boot_l4), %eax
    mov %eax, %cr3
    call enable_long_mode
    lgdt boot_gdt_register
    ljmp $8, $enter_64_bit

// PAE, EFER.{LME,NXE}, then paging with write protection. Also used by the other CPUs' start (boot/cpu_start.S copies it).
    .globl enable_long_mode
enable_long_mode:
    mov %cr4, %eax
    or $0x20, %eax
    mov %eax, %cr4
    mov $0xc0000080, %ecx
    rdmsr
    or $0x900, %eax
    wrmsr
    mov $0x80010021, %eax // PG, WP, NE, PE
    mov %eax, %cr0
    ret

// One line on both early consoles, then stop. %esi: the text.
fail:
    mov $0xb8000, %ebx
    mov $message_prefix, %ecx
    call puts
    mov %esi, %ecx
    call puts
1:  hlt
    jmp 1b

puts:
1:  movb (%ecx), %al
    test %al, %al
    jz 3f
    movb %al, (%ebx)
    movb $0x07, 1(%ebx)
    add $2, %ebx
    mov %al, %ah
    mov $0x3fd, %dx // COM1, line status
    push %ecx
    mov $0x10000, %ecx
2:  inb %dx, %al
    test $0x20, %al
    loopz 2b
    pop %ecx
    mov $0x3f8, %dx
    mov %ah, %al
    outb %al, %dx
    inc %ecx
    jmp 1b
3:  ret

message_prefix: .asciz "xen-core: cannot start: "
message_no_multiboot: .asciz "not started by a multiboot 1 or 2 loader\r\n"
message_no_64_bit: .asciz "this CPU has no 64-bit mode\r\n"
message_no_nx: .asciz "this CPU has no no-execute (NX) page protection, or the firmware disabled it\r\n"

    .balign 8
    .globl boot_gdt_register
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff // 0x08: 64-bit code
    .quad 0x00cf93000000ffff // 0x10: data
boot_gdt_register:
    .short boot_gdt_register - boot_gdt - 1
    .quad boot_gdt

    .code64
enter_64_bit:
    movabs $1f, %rax
    jmp *%rax

    .text
    .code64
1:
    mov $0x10, %eax
    mov %eax, %ss
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %fs
    mov %eax, %gs
    lea boot_stack + CPU_STACK_FRAME_END - FRAME_SIZE(%rip), %rsp // CpuLocal is above
    mov %edi, %esi // kernel_main(magic, information)
    mov %ebp, %edi
    call kernel_main
    ud2

    .section .bss.stack, "aw", @nobits
    .balign CPU_STACK_SIZE // so that cpu_local() works from the first line of C++
    .globl boot_stack
boot_stack:
    .skip CPU_STACK_SIZE
boot_stack_end:

    .globl boot_l4
    .balign 4096
boot_l4: .skip 4096
boot_l3: .skip 4096
boot_l2: .skip 4 * 4096
boot_image_l3: .skip 4096
boot_image_l2: .skip 4096

    .section .note.GNU-stack, "", @progbits
