// SPDX-License-Identifier: MIT
// Every way into xen-core from a guest, and the way back. A vector pushes its number, the registers are saved by one
// macro, one C++ function gets the frame, one exit restores it. traps/entry.cpp holds the C++ side.
//
// C++ functions take the frame in rdi and return in eax how to leave (traps/entry.h). What C++ preserves (rbx, rbp,
// r12-r15) is saved only where it can be needed: SYSCALL leaves it alone unless there is work that may switch vCPUs.
#include "arch/x86_64/code_tables.h"
#include "arch/x86_64/cpu_local.h"

// segments.h
#define RING3_CS32 0xe023
#define RING3_CS64 0xe033
#define RING3_SS 0xe02b
// register_frame.h, traps/entry.cpp
#define VECTOR_SYSCALL -1
#define VECTOR_SYSCALL32 -2
#define VECTOR_SYSENTER -3
// traps/entry.h
#define LEAVE_AFTER_WORK 2

// The general registers in the order in which they are pushed, below an error code and vector word. SYSRET needs two of
// those that C++ does not preserve for itself. Preserved ones are loaded only if somebody wrote to the frame (or it is
// another vCPU's).
#define SCRATCH_BUT_RCX_R11 r9, r8, r10, rdx, rsi, rdi, rax
#define SCRATCH_REGISTERS SCRATCH_BUT_RCX_R11, rcx, r11
#define PRESERVED_REGISTERS rbx, rbp, r12, r13, r14, r15

// Where they stand in a RegisterFrame: frame_r15 is 0, frame_r9 112.
offset = 15 * 8
.irp register, SCRATCH_REGISTERS, PRESERVED_REGISTERS
    offset = offset - 8
    frame_\register = offset
.endr

// Around calls of C++ the frame stands 8 bytes above rsp, which keeps the stack aligned to 16 as C++ expects.
#define AT(field) 8 + field(%rsp)

.macro PUSH_EACH registers:vararg
    .irp register, \registers
    push %\register
    .endr
.endm

.macro LOAD_EACH registers:vararg
    .irp register, \registers
    mov AT(frame_\register), %\register
    .endr
.endm

// Leave by SYSRET, with the preserved registers loaded, or go to `not_canonical`: SYSRET to a non-canonical rip would
// fault in ring 0 on the guest's stack (Intel SDM, SYSRET). A frame marked VECTOR_SYSCALL can have only one such
// rip: 2^47, after a SYSCALL in the last two bytes of the lower half. All others are checked before they get there.
.macro SYSRET not_canonical
    mov AT(FRAME_RIP), %rcx
    cmp first_not_canonical(%rip), %rcx
    je \not_canonical
    LOAD_EACH SCRATCH_BUT_RCX_R11
    mov AT(FRAME_RFLAGS), %r11
    mov AT(FRAME_RSP), %rsp
    sysretq
.endm

// Leave by an iretq that follows.
.macro BEFORE_IRET
    LOAD_EACH SCRATCH_REGISTERS
    add $8 + FRAME_RIP, %rsp
.endm

// --- SYSCALL -------------------------------------------------------------------------------------------------------
// One page that is mapped at the bottom of each CPU's stack region: addresses relative to rip reach that CPU's stack, and
// a jump out of it must be absolute. SYSCALL leaves the guest's rsp in place: nothing may touch memory through it.

.section .text.syscall_entry, "ax", @progbits
.balign 4096
.globl syscall_entry_page
syscall_entry_page:

// Up to the error code and the vector, which come as one word.
.macro SYSCALL_FRAME cs
    mov %rsp, syscall_entry_page + CPU_STACK_FRAME_END - 16(%rip)
    lea syscall_entry_page + CPU_STACK_FRAME_END - 16(%rip), %rsp
    movq $RING3_SS, 8(%rsp)
    push %r11
    pushq $\cs
    push %rcx
.endm
.macro PUSH_VECTOR vector
    pushq $0
    movl $\vector, 4(%rsp)
.endm

.globl syscall64_entry
syscall64_entry:
    SYSCALL_FRAME RING3_CS64
    pushq $VECTOR_SYSCALL // -1, so it is the error code too, which means nothing here
    PUSH_EACH SCRATCH_REGISTERS
    sub $frame_r11 + 8, %rsp
    lea 8(%rsp), %rdi
    call *syscall_target(%rip)
    test %eax, %eax
    jnz 1f
    SYSRET 1f
1:  jmp *exit_target(%rip)

.balign 16
.globl syscall32_entry
syscall32_entry:
    SYSCALL_FRAME RING3_CS32
    PUSH_VECTOR VECTOR_SYSCALL32
    PUSH_EACH SCRATCH_REGISTERS, PRESERVED_REGISTERS
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
    CLOSE_USER_ACCESS
    cld
    PUSH_EACH SCRATCH_REGISTERS, PRESERVED_REGISTERS
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
    .irp register, PRESERVED_REGISTERS
    mov %\register, AT(frame_\register)
    .endr
    lea 8(%rsp), %rdi
    call work_before_leaving
    test %eax, %eax
    jz exit_as_marked

// The frame is the one at the end of this CPU's stack; every register is loaded from it.
.globl exit_to_guest
exit_to_guest:
    LOAD_EACH PRESERVED_REGISTERS
    jmp exit_as_marked

exit_by_iret:
    BEFORE_IRET
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
    LOAD_EACH PRESERVED_REGISTERS
    BEFORE_IRET
    iretq

// NMI, #DF, #MC: on a stack of their own, whatever was interrupted is resumed exactly.
own_stack_entry:
    CLOSE_USER_ACCESS
    cld
    PUSH_EACH SCRATCH_REGISTERS, PRESERVED_REGISTERS
own_stack_saved:
    mov %rsp, %rdi
    push %rdi
    call own_stack_trap
    jmp resume_core

// #DB has a stack of its own because it can hit between SYSCALL and the loading of the stack. From a guest, the frame
// is moved to its usual place.
debug_entry:
    CLOSE_USER_ACCESS
    cld
    PUSH_EACH SCRATCH_REGISTERS, PRESERVED_REGISTERS
    testb $3, FRAME_CS(%rsp)
    jz own_stack_saved
    mov %rsp, %rsi
    mov %rsp, %rdi
    or $CPU_STACK_SIZE - 1, %rdi
    sub $CPU_LOCAL_TAIL + FRAME_SIZE - 1, %rdi
    mov %rdi, %rsp
    mov $FRAME_SIZE / 8, %ecx
    rep movsq
    jmp guest_entry_saved

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
    PUSH_VECTOR VECTOR_SYSENTER
    PUSH_EACH SCRATCH_REGISTERS, PRESERVED_REGISTERS
    jmp guest_entry_saved

// void run_guest(RegisterFrame*): the first way into a guest on a CPU; never returns.
.globl run_guest
run_guest:
    lea -8(%rdi), %rsp
    jmp exit_to_guest

.section .note.GNU-stack, "", @progbits
