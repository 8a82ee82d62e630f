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

#include "domain/domain.h"
#include "traps/vectors.h"

namespace skerry {

[[gnu::cold, gnu::noinline]] void bounce_failed(Vcpu& vcpu, uint64_t handler, uint64_t stack);

// VMASST_TYPE_architectural_iopl: the kernel sees and sets IOPL in rflags.
inline bool shows_iopl(const Vcpu& vcpu) { return vcpu.domain.vm_assist & 1ul << VMASST_TYPE_architectural_iopl; }

enum class BounceWords { plain, error_code, failsafe };

// Where a guest's kernel is entered, with events masked (as by an interrupt gate) or not.
inline bool masks_events(const GuestCallback& callback) { return callback.masks_events; }
inline bool masks_events(const trap_info_t& trap) { return trap.flags & 4; /* TI_GET_IF */ }

// Makes `cpu`'s guest continue in its kernel at `handler`, a callback or a trap that has an address. False: the domain
// has ended, and work is pending that says so. The handler is looked at again at the end, and callers need nothing
// after false: so that the compiler has registers enough, and none to save.
template <BounceWords kind, typename Handler>
[[gnu::always_inline]] inline bool bounce_to_kernel(CpuLocal& cpu, Vcpu& vcpu, const Handler& handler,
                                                    uint64_t error_code = 0) {
    constexpr unsigned extra = kind == BounceWords::plain ? 0 : kind == BounceWords::error_code ? 1 : 4;
    constexpr unsigned bytes = (7 + extra) * 8, after_extra = 16 + extra * 8;
    RegisterFrame& frame = cpu.frame;
    PvCpuState& state = vcpu.cpu;
    uint64_t stack = frame.rsp;
    uint8_t mask = state.vcpu_info->evtchn_upcall_mask;
    uint64_t cs = bounce::shown_cs(frame.cs, state.in_kernel, mask);
    if (!state.in_kernel) {
        enter_guest_mode(cpu, state, true);
        stack = state.kernel_sp;
    }
    stack = (stack & ~uint64_t{15}) - bytes;
    uint64_t flags = bounce::shown_rflags(frame.rflags, mask, shows_iopl(vcpu), state.iopl);
    if (!is_guest_range(GuestVirt(stack), bytes)) [[unlikely]] {
        bounce_failed(vcpu, handler.address, stack);
        return false;
    }
    pin_to_register(stack); // as the base of all the stores
    auto write = [stack](unsigned offset, uint64_t word) { return write_guest_open(GuestVirt(stack) + offset, word); };
    open_guest_access();
    bool ok = write(0, frame.rcx) && write(8, frame.r11);
    if constexpr (kind == BounceWords::error_code) ok = ok && write(16, error_code);
    if constexpr (kind == BounceWords::failsafe)
        ok = ok && write(16, state.ds) && write(24, state.es) && write(32, state.fs) && write(40, state.gs);
    ok = ok && write(after_extra, frame.rip) && write(after_extra + 8, cs) && write(after_extra + 16, flags) &&
         write(after_extra + 24, frame.rsp) && write(after_extra + 32, frame.ss);
    close_guest_access();
    if (!ok) [[unlikely]] {
        bounce_failed(vcpu, handler.address, stack);
        return false;
    }
    if (masks_events(handler)) state.vcpu_info->evtchn_upcall_mask = 1;
    frame.rip = handler.address;
    // With their padding the compiler stores constants, which it does not for 16 bits.
    frame.cs = selector::ring3_code64;
    frame.cs_padding[0] = 0;
    frame.ss = selector::ring3_data;
    frame.ss_padding[0] = 0;
    frame.rflags &= ~bounce::cleared_rflags;
    frame.rsp = stack;
    // Leave by SYSRET: rcx and r11 are on the stack. The preserved registers have not changed.
    frame.vector = vector_syscall;
    return true;
}

// The same for a callback without which a guest cannot go on.
template <BounceWords kind>
[[gnu::always_inline]] inline bool bounce_to_callback(CpuLocal& cpu, Vcpu& vcpu, const GuestCallback& callback) {
    if (callback.address) [[likely]]
        return bounce_to_kernel<kind>(cpu, vcpu, callback);
    crash_domain(vcpu, "no handler is registered for what must be delivered now");
    return false;
}

// Exceptions as the guest's trap table says. `frame` of `cpu` is what was interrupted.
template <BounceWords kind>
[[gnu::always_inline]] inline bool inject_inline(CpuLocal& cpu, Vcpu& vcpu, unsigned vector, uint64_t error_code = 0) {
    const trap_info_t& trap = vcpu.cpu.traps[vector];
    if (trap.address) [[likely]]
        return bounce_to_kernel<kind>(cpu, vcpu, trap, error_code);
    crash_domain(vcpu, "unhandled trap %u, error code %lx", vector, error_code);
    return false;
}
void inject_trap(CpuLocal& cpu, Vcpu& vcpu, unsigned vector);
void inject_trap(CpuLocal& cpu, Vcpu& vcpu, unsigned vector, uint32_t error_code);

// #PF; `error_code` as the hardware gave it.
[[gnu::always_inline]] inline bool inject_page_fault(CpuLocal& cpu, Vcpu& vcpu, uint64_t address, uint32_t error_code) {
    vcpu.cpu.vcpu_info->arch.cr2 = address;
    // To the hardware, both modes of a guest are user mode.
    error_code = (error_code & ~page_fault::user) | (vcpu.cpu.in_kernel ? 0 : page_fault::user);
    return inject_inline<BounceWords::error_code>(cpu, vcpu, vector::page_fault, error_code);
}

// A segment could not be loaded. The guest's kernel is shown the segments of `vcpu`.
void inject_failsafe(CpuLocal& cpu, Vcpu& vcpu);

} // namespace skerry
