// SPDX-License-Identifier: MIT
// Every way into xen-core from a guest, and the way back. A vector pushes its number, the registers are saved by one
// macro, one C++ function gets the frame, one exit restores it. traps/entry.cpp holds the C++ side.
//
// C++ functions take the frame in rdi and return in eax how to leave (traps/entry.h). What C++ preserves (rbx, rbp,
// r12-r15) is saved only where it can be needed: SYSCALL leaves it alone unless there is work that may switch vCPUs.
#include "arch/x86_64/entry_macros.h"
#include "arch/x86_64/exception_table.h"

// --- SYSCALL -------------------------------------------------------------------------------------------------------
// One page that is mapped at the bottom of each CPU's stack region: addresses relative to rip reach that CPU's stack, and
// a jump out of it must be absolute. SYSCALL leaves the guest's rsp in place: nothing may touch memory through it.

.section .text.syscall_entry, "ax", @progbits
.balign 4096
.globl syscall_entry_page
syscall_entry_page:

.macro SYSCALL_STACK
    mov %rsp, syscall_entry_page + CPU_STACK_FRAME_END - 16(%rip)
    lea syscall_entry_page + CPU_STACK_FRAME_END - 16(%rip), %rsp
    movq $RING3_SS, 8(%rsp)
    push %r11
.endm

.globl syscall64_entry
syscall64_entry:
    SYSCALL_STACK
    pushq $RING3_CS64
    push %rcx
    pushq $VECTOR_SYSCALL
    PUSH_SCRATCH_REGISTERS
    sub $FRAME_R11 + 8, %rsp
    lea 8(%rsp), %rdi
    call *syscall_target(%rip)
    test %eax, %eax
    jnz 1f
    SYSRET 1f
1:  jmp *exit_target(%rip)

.balign 16
.globl syscall32_entry
syscall32_entry:
    SYSCALL_STACK
    pushq $RING3_CS32
    push %rcx
    pushq $VECTOR_SYSCALL32
    PUSH_REGISTERS
    jmp *trap_target(%rip)

.balign 8
syscall_target: .quad guest_syscall
trap_target: .quad guest_entry_saved
exit_target: .quad syscall_exit
.globl first_not_canonical
first_not_canonical: .quad 0x0000800000000000
.balign 4096

// --- vectors -------------------------------------------------------------------------------------------------------

.text
// 256 entries of 16 bytes. The CPU pushes an error code for vectors 8, 10-14, 17, 21.
.balign 16
.globl vector_entries
vector_entries:
number = 0
.rept 256
    .balign 16
    .if number != 8 && (number < 10 || number > 14) && number != 17 && number != 21
    pushq $0
    .endif
    movl $number, 4(%rsp)
    .if number == 1
    jmp debug_entry
    .elseif number == 2 || number == 8 || number == 18
    jmp own_stack_entry
    .else
    jmp vector_entry
    .endif
    number = number + 1
.endr

.balign 16
vector_entry:
    ASM_CLAC
    cld
    PUSH_REGISTERS
    testb $3, FRAME_CS(%rsp)
    jz core_entry_saved
guest_entry_saved:
    mov %rsp, %rdi
    push %rdi
    call guest_trap
    test %eax, %eax
    jnz exit_to_guest
exit_as_marked:
    cmpl $VECTOR_SYSCALL, AT(FRAME_VECTOR)
    jne exit_by_iret
    SYSRET exit_by_iret

// From SYSCALL: eax is 0 or leave_by_iret to leave with the preserved registers as they are, else there is work, which may
// bring another vCPU's registers.
syscall_exit:
    cmp $LEAVE_AFTER_WORK, %eax
    jne exit_by_iret
    SAVE_PRESERVED_REGISTERS
    lea 8(%rsp), %rdi
    call work_before_leaving
    test %eax, %eax
    jz exit_as_marked

// The frame is the one at the end of this CPU's stack; every register is loaded from it.
.globl exit_to_guest
exit_to_guest:
    LOAD_PRESERVED_REGISTERS
    jmp exit_as_marked

exit_by_iret:
    LOAD_SCRATCH_REGISTERS
    mov AT(FRAME_RCX), %rcx
    mov AT(FRAME_R11), %r11
    add $8 + FRAME_RIP, %rsp
.globl iret_to_guest
iret_to_guest:
    iretq

// A vector in ring 0: from the idle loop, or a fault of xen-core. C++ returns null to resume, or the frame of the guest
// whose state could not be restored by the IRET above.
core_entry_saved:
    mov %rsp, %rdi
    push %rdi
    call core_trap
    test %rax, %rax
    jz resume_core
    lea -8(%rax), %rsp
    jmp exit_to_guest
resume_core:
    LOAD_PRESERVED_REGISTERS
    LOAD_SCRATCH_REGISTERS
    mov AT(FRAME_RCX), %rcx
    mov AT(FRAME_R11), %r11
    add $8 + FRAME_RIP, %rsp
    iretq

// NMI, #DF, #MC: on a stack of their own, whatever was interrupted is resumed exactly.
own_stack_entry:
    ASM_CLAC
    cld
    PUSH_REGISTERS
    mov %rsp, %rdi
    push %rdi
    call own_stack_trap
    jmp resume_core

// #DB has a stack of its own because it can hit between SYSCALL and the loading of the stack. From a guest, the frame
// is moved to its usual place.
debug_entry:
    ASM_CLAC
    cld
    PUSH_REGISTERS
    testb $3, FRAME_CS(%rsp)
    mov %rsp, %rsi
    jz 1f
    mov %rsp, %rdi
    or $CPU_STACK_SIZE - 1, %rdi
    sub $CPU_LOCAL_TAIL + FRAME_SIZE - 1, %rdi
    mov %rdi, %rsp
    mov $FRAME_SIZE / 8, %ecx
    rep movsq
    jmp guest_entry_saved
1:  mov %rsi, %rdi
    push %rdi
    call own_stack_trap
    jmp resume_core

// SYSENTER: the CPU has loaded rsp with the end of the frame, and kept TF, NT and AC. What the guest was doing is lost by
// design; its kernel knows (<xen/callback.h>, CALLBACKTYPE_sysenter).
.balign 16
.globl sysenter_entry
sysenter_entry:
    pushq $RING3_SS
    pushq $0
    pushfq
    pushq $2
    popfq
    orl $0x200, (%rsp)
    pushq $3
    pushq $0
    pushq $VECTOR_SYSENTER
    PUSH_REGISTERS
    jmp guest_entry_saved

// void run_guest(RegisterFrame*): the first way into a guest on a CPU; never returns.
.globl run_guest
run_guest:
    lea -8(%rdi), %rsp
    jmp exit_to_guest

.section .note.GNU-stack, "", @progbits
