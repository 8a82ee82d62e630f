// SPDX-License-Identifier: MIT
#include "traps/entry.h"

#include "arch/x86_64/interrupts.h"
#include "arch/x86_64/instructions.h"
#include "hypercalls/dispatch.h"
#include "traps/exit.h"
#include "traps/vectors.h"

namespace skerry {
namespace {

// How entry.S marks what came without a vector.
constexpr uint32_t vector_syscall32 = 0xfffffffe, vector_sysenter = 0xfffffffd;
constexpr uint64_t syscall_length = 2;

// A system call of the guest's user, for its kernel to serve.
[[gnu::always_inline]] inline void bounce_syscall(CpuLocal& cpu, Vcpu& vcpu, const GuestCallback& callback) {
    if (callback.address) [[likely]] {
        bounce_to_kernel<BounceWords::plain>(cpu, vcpu, callback.address, callback.masks_events);
        return;
    }
    cpu.frame.rip -= syscall_length;
    inject_trap(cpu, vcpu, vector::invalid_opcode);
}

// The frame says nothing of where the guest was: its kernel knows how SYSENTER is used.
void bounce_sysenter(CpuLocal& cpu, Vcpu& vcpu) {
    const GuestCallback& callback = vcpu.cpu.sysenter_callback;
    if (callback.address)
        bounce_to_kernel<BounceWords::plain>(cpu, vcpu, callback.address, callback.masks_events);
    else
        inject_trap(cpu, vcpu, vector::general_protection, 0);
}

// int $0x80 has a gate of its own, so that it needs no decoding.
void bounce_int80(CpuLocal& cpu, Vcpu& vcpu) {
    constexpr uint64_t int_length = 2;
    if (vcpu.cpu.traps[vector::int80].address)
        return inject_trap(cpu, vcpu, vector::int80);
    cpu.frame.rip -= int_length;
    inject_trap(cpu, vcpu, vector::general_protection, vector::int80 << 3 | selector_error::interrupt_gate);
}

// CR0.TS was set for the guest by fpu_taskswitch; the trap clears it, as Xen does.
void handle_device_not_available(CpuLocal& cpu, Vcpu& vcpu) {
    if (!(vcpu.cpu.cr0 & cr0::task_switched))
        return inject_trap(cpu, vcpu, vector::device_not_available);
    vcpu.cpu.set_task_switched(false);
    inject_trap(cpu, vcpu, vector::device_not_available);
}

void handle_debug(CpuLocal& cpu, Vcpu& vcpu) {
    constexpr uint64_t dr6_neutral = 0xffff0ff0;
    constexpr uint64_t dr6_causes = 0xe00f;
    uint64_t causes = read_dr6();
    write_dr6(dr6_neutral);
    vcpu.cpu.debug_registers[6] = (vcpu.cpu.debug_registers[6] & ~uint64_t{15}) | ((causes ^ dr6_neutral) & dr6_causes) |
                                  dr6_neutral;
    inject_trap(cpu, vcpu, vector::debug);
}

} // namespace

uint32_t guest_syscall(CpuLocal& cpu) {
    Vcpu& vcpu = *cpu.current;
    if (!vcpu.cpu.in_kernel)
        bounce_syscall(cpu, vcpu, vcpu.cpu.syscall_callback);
    else if (cpu.frame.rax == __HYPERVISOR_iret)
        return_from_kernel(cpu, vcpu);
    else
        dispatch_hypercall(vcpu, cpu.frame);
    return leave(cpu);
}

uint32_t guest_trap(CpuLocal& cpu) {
    Vcpu& vcpu = *cpu.current;
    uint32_t number = cpu.frame.vector;
    uint32_t result = keep_registers;
    if (number == vector::page_fault) [[likely]] {
        result = handle_page_fault(cpu, vcpu);
    } else if (number >= vector::first_interrupt && number != vector::int80 && number < 256) {
        ++cpu.interrupt_count;
        dispatch_interrupt(static_cast<uint8_t>(number));
    } else {
        switch (number) {
        case vector::general_protection: result = handle_general_protection(cpu, vcpu); break;
        case vector::invalid_opcode: result = handle_invalid_opcode(cpu, vcpu); break;
        case vector::device_not_available: handle_device_not_available(cpu, vcpu); break;
        case vector::debug: handle_debug(cpu, vcpu); break;
        case vector::int80: bounce_int80(cpu, vcpu); break;
        case vector_syscall32: bounce_syscall(cpu, vcpu, vcpu.cpu.syscall32_callback); break;
        case vector_sysenter: bounce_sysenter(cpu, vcpu); break;
        default:
            if (vector::has_error_code(number))
                inject_trap(cpu, vcpu, number, cpu.frame.error_code);
            else
                inject_trap(cpu, vcpu, number);
        }
    }
    return leave(cpu, result);
}

void return_from_kernel(CpuLocal& cpu, Vcpu& vcpu) {
    RegisterFrame& frame = cpu.frame;
    PvCpuState& state = vcpu.cpu;
    iret_context context;
    if (!is_guest_range(GuestVirt(frame.rsp), sizeof(context)) || !read_guest_object(context, GuestVirt(frame.rsp)))
        [[unlikely]] {
        crash_domain(vcpu, "iret: no frame can be read at stack %lx", frame.rsp);
        return;
    }
    if ((context.cs & 3) == 3) {
        if (!state.user_cr3) [[unlikely]] {
            crash_domain(vcpu, "iret: to user mode without page tables for it");
            return;
        }
        toggle_guest_mode(cpu, state);
    }
    if (shows_iopl(vcpu))
        state.iopl = context.rflags >> 12 & 3;
    frame.rax = context.rax;
    frame.rip = context.rip;
    frame.rsp = context.rsp;
    frame.rflags = (context.rflags & ~(rflags::io_privilege | rflags::virtual_8086)) | rflags::interrupts;
    frame.cs = static_cast<uint16_t>(context.cs | 3);
    frame.ss = static_cast<uint16_t>(context.ss | 3);
    state.vcpu_info->evtchn_upcall_mask = !(context.rflags & rflags::interrupts);
    // SYSRET loads rcx and r11 with rip and rflags. To other than 64-bit code that is done by hand.
    bool in_syscall = context.flags & VGCF_in_syscall;
    frame.rcx = in_syscall ? frame.rip : context.rcx;
    frame.r11 = in_syscall ? frame.rflags : context.r11;
    if (!in_syscall || frame.cs != selector::ring3_code64)
        frame.vector = 0;
    if (state.nmi_masked) [[unlikely]] {
        state.nmi_masked = false;
        if (state.nmi_pending)
            raise_work(cpu.id, PendingWork::upcall);
    }
}

} // namespace skerry
