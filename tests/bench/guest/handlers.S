/* SPDX-License-Identifier: MIT */
/* The shortest correct handlers, so that what is measured is the hypervisor and not the guest.
   Frames as xen/arch-x86/xen-x86_64.h has them: rcx, r11, [error], rip, cs, rflags, rsp, ss. */
#include <xen/xen.h>
#define RETURN jmp hypercall_page + __HYPERVISOR_iret * 32

    .text
    .globl bench_event
bench_event:                        /* acknowledges one port of the first group */
    push    %rax
    mov     bench_vcpu_info(%rip), %rax
    movb    $0, (%rax)              /* evtchn_upcall_pending */
    movq    $0, 8(%rax)             /* evtchn_pending_sel */
    mov     bench_pending(%rip), %rax
    lock andq $0, (%rax)
    incq    bench_upcalls(%rip)
    pop     %rax
    pop     %rcx
    pop     %r11
    push    $0
    RETURN

    .globl bench_page_fault
bench_page_fault:                   /* continues after a two-byte instruction */
    pop     %rcx
    pop     %r11
    movq    $0, (%rsp)
    addq    $2, 8(%rsp)
    RETURN

    .globl bench_breakpoint
bench_breakpoint:
    pop     %rcx
    pop     %r11
    push    $0
    RETURN

    .globl bench_syscall            /* rax = 0: come straight back; otherwise end the user run */
bench_syscall:
    test    %eax, %eax
    jnz     1f
    pop     %rcx
    pop     %r11
    push    $0
    RETURN
1:  jmp     syscall_entry

    .globl bench_iret               /* one iret hypercall from kernel to kernel, as a function */
bench_iret:
    mov     %rsp, %rax
    push    $FLAT_KERNEL_SS
    push    %rax
    pushfq
    push    $FLAT_KERNEL_CS & ~3
    lea     1f(%rip), %rax
    push    %rax
    push    $0
    RETURN
1:  ret
    .section .note.GNU-stack, "", @progbits
