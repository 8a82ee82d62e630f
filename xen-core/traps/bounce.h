// SPDX-License-Identifier: MIT
// How a guest kernel is entered: the frame that it finds on its stack, and the registers that it starts with.
//
// From the lowest address, each word 8 bytes: rcx, r11, [ds, es, fs, gs if failsafe], [error code], rip, cs with the
// event mask as it was in bits 32-39, rflags with IF showing that mask (and never the real IOPL), rsp, ss. It stands
// 16-byte aligned below the interrupted stack pointer in guest kernel mode, else below the stack that stack_switch
// named. In guest kernel mode the privilege level shown in cs is 0. ABI: <xen/arch-x86/xen-x86_64.h>; Linux and mini-os
// agree.
//
// A frame that cannot be written ends the domain: there is nobody left to tell.
#pragma once

#include "arch/x86_64/guest_access.h"
#include "arch/x86_64/instructions.h"
#include "domain/domain.h"
#include "domain/vcpu.h"
#include "memory/guest_copy.h"
#include "traps/bounce_values.h"
#include "traps/vectors.h"

namespace skerry {

[[gnu::cold, gnu::noinline]] void bounce_failed(Vcpu& vcpu, uint64_t address, uint64_t stack);

// VMASST_TYPE_architectural_iopl: the kernel sees and sets IOPL in rflags.
inline bool shows_iopl(const Vcpu& vcpu) { return vcpu.domain.vm_assist & 1ul << VMASST_TYPE_architectural_iopl; }

enum class BounceWords { plain, error_code, failsafe };

// Makes `cpu`'s guest continue at `address` in its kernel. `mask_events`: with events masked, as an interrupt gate.
template <BounceWords kind>
[[gnu::always_inline]] inline void bounce_to_kernel(CpuLocal& cpu, Vcpu& vcpu, uint64_t address, bool mask_events,
                                                    uint64_t error_code = 0) {
    constexpr unsigned extra = kind == BounceWords::plain ? 0 : kind == BounceWords::error_code ? 1 : 4;
    constexpr unsigned bytes = (7 + extra) * 8;
    RegisterFrame& frame = cpu.frame;
    PvCpuState& state = vcpu.cpu;
    uint64_t old_stack = frame.rsp, stack = old_stack;
    vcpu_info_t* info = state.vcpu_info;
    uint8_t mask = info->evtchn_upcall_mask;
    uint64_t cs = bounce::shown_cs(frame.cs, state.in_kernel, mask);
    if (!state.in_kernel) {
        toggle_guest_mode(cpu, state);
        stack = state.kernel_sp;
    }
    stack = (stack & ~uint64_t{15}) - bytes;
    uint64_t flags = bounce::shown_rflags(frame.rflags, mask, shows_iopl(vcpu), state.iopl);
    if (!is_guest_range(GuestVirt(stack), bytes) || !address) [[unlikely]]
        return bounce_failed(vcpu, address, stack);

    GuestVirt to(stack);
    pin_to_register(to.value); // as the base of all the stores
    unsigned at = 16 + extra * 8;
    open_guest_access();
    bool ok = write_guest_open(to, frame.rcx) && write_guest_open(to + 8, frame.r11);
    if constexpr (kind == BounceWords::error_code) ok = ok && write_guest_open(to + 16, error_code);
    if constexpr (kind == BounceWords::failsafe)
        ok = ok && write_guest_open(to + 16, uint64_t{state.ds}) && write_guest_open(to + 24, uint64_t{state.es}) &&
             write_guest_open(to + 32, uint64_t{state.fs}) && write_guest_open(to + 40, uint64_t{state.gs});
    ok = ok && write_guest_open(to + at, frame.rip) && write_guest_open(to + (at + 8), cs) &&
         write_guest_open(to + (at + 16), flags) && write_guest_open(to + (at + 24), old_stack) &&
         write_guest_open(to + (at + 32), uint64_t{frame.ss});
    close_guest_access();
    if (!ok) [[unlikely]]
        return bounce_failed(vcpu, address, stack);

    if (mask_events) info->evtchn_upcall_mask = 1;
    frame.rip = address;
    frame.cs = selector::ring3_code64;
    frame.ss = selector::ring3_data;
    frame.rflags &= ~bounce::cleared_rflags;
    frame.rsp = stack;
    // Leave by SYSRET: rcx and r11 are on the stack. The preserved registers have not changed.
    frame.vector = vector_syscall;
}

// Exceptions as the guest's trap table says. `frame` of `cpu` is what was interrupted.
void inject_trap(CpuLocal& cpu, Vcpu& vcpu, unsigned vector);
void inject_trap(CpuLocal& cpu, Vcpu& vcpu, unsigned vector, uint32_t error_code);
// The hot parts of the two below, for where a call is too much.
[[gnu::cold, gnu::noinline]] void unhandled_trap(Vcpu& vcpu, unsigned vector, uint64_t error_code);
template <BounceWords kind>
[[gnu::always_inline]] inline void inject_inline(CpuLocal& cpu, Vcpu& vcpu, unsigned vector, uint64_t error_code = 0) {
    constexpr uint8_t masks_events = 4; // TI_GET_IF
    const trap_info_t& trap = vcpu.cpu.traps[vector];
    if (!trap.address) [[unlikely]]
        return unhandled_trap(vcpu, vector, error_code);
    bounce_to_kernel<kind>(cpu, vcpu, trap.address, trap.flags & masks_events, error_code);
}
[[gnu::always_inline]] inline void inject_page_fault_inline(CpuLocal& cpu, Vcpu& vcpu, uint64_t address,
                                                            uint32_t error_code) {
    PvCpuState& state = vcpu.cpu;
    state.vcpu_info->arch.cr2 = address;
    // To the hardware, both modes of a guest are user mode.
    error_code &= ~page_fault::user;
    if (!state.in_kernel) error_code |= page_fault::user;
    inject_inline<BounceWords::error_code>(cpu, vcpu, vector::page_fault, error_code);
}
// #PF; `error_code` as the hardware gave it.
void inject_page_fault(CpuLocal& cpu, Vcpu& vcpu, uint64_t address, uint32_t error_code);

// After an instruction of `length` bytes has been executed for the guest: goes past it, and raises the debug trap that
// the CPU would have raised if the guest is single-stepping.
void step_over(CpuLocal& cpu, Vcpu& vcpu, unsigned length);
// The guest's state could not be restored, or a segment could not be loaded.
void inject_failsafe(CpuLocal& cpu, Vcpu& vcpu);
// A register or segment of the loaded guest for its kernel to see: the failsafe frame shows these.
void note_segments(PvCpuState& state);

} // namespace skerry
