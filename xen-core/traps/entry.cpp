// SPDX-License-Identifier: MIT
#include "traps/entry.h"

#include "arch/x86_64/machine_power.h"
#include "hypercalls/dispatch.h"

namespace skerry {

extern "C" [[noreturn]] void run_guest(RegisterFrame* frame);

namespace {

// How entry.S marks what came without a vector.
constexpr uint32_t vector_syscall32 = 0xfffffffe, vector_sysenter = 0xfffffffd;
constexpr uint64_t syscall_length = 2, int_length = 2;

// False: the guest's kernel has no such callback.
bool bounce_if_registered(CpuLocal& cpu, Vcpu& vcpu, const GuestCallback& callback) {
    if (callback.address) bounce_to_kernel<BounceWords::plain>(cpu, vcpu, callback);
    return callback.address;
}

[[gnu::cold, gnu::noinline]] uint32_t refuse_syscall(CpuLocal& cpu, Vcpu& vcpu) {
    cpu.frame.rip -= syscall_length;
    inject_trap(cpu, vcpu, vector::invalid_opcode);
    return leave_after_work;
}

// These are functions of their own so that each saves only the registers that it uses itself: where possible, none.
[[gnu::noinline]] uint32_t hypercall(CpuLocal& cpu, Vcpu& vcpu) {
    dispatch_hypercall(vcpu, cpu.frame);
    return leave_syscall(cpu, *cpu.current); // fetched again, which is cheaper than to keep it across the call
}

// A system call of the guest's user, for its kernel to serve.
[[gnu::noinline]] uint32_t user_system_call(CpuLocal& cpu, Vcpu& vcpu) {
    const GuestCallback& callback = vcpu.cpu.syscall_callback;
    if (!callback.address) return refuse_syscall(cpu, vcpu);
    if (UNLIKELY(!bounce_to_kernel<BounceWords::plain>(cpu, vcpu, callback))) return leave_after_work;
    return leave_syscall(cpu, vcpu);
}

[[gnu::cold, gnu::noinline]] uint32_t iret_failed(Vcpu& vcpu, const char* what) {
    crash_domain(vcpu, "iret: %s", what);
    return leave_after_work;
}

// The iret hypercall: registers from the frame that the guest's kernel has on its stack (iret_context in
// <xen/arch-x86/xen-x86_64.h>). Each word goes straight to its place: if one cannot be read, the domain ends.
[[gnu::noinline]] uint32_t return_from_kernel(CpuLocal& cpu, Vcpu& vcpu) {
    RegisterFrame& frame = cpu.frame;
    PvCpuState& state = vcpu.cpu;
    GuestVirt from(frame.rsp);
    if (!is_guest_readable(from, sizeof(iret_context))) return iret_failed(vcpu, "the stack is not the guest's");
    uint64_t flags, cs, rflags_wanted, ss;
    open_guest_access();
    bool ok = read_guest_open(frame.rax, from + offsetof(iret_context, rax)) &&
              read_guest_open(frame.r11, from + offsetof(iret_context, r11)) &&
              read_guest_open(frame.rcx, from + offsetof(iret_context, rcx)) &&
              read_guest_open(frame.rip, from + offsetof(iret_context, rip)) &&
              read_guest_open(frame.rsp, from + offsetof(iret_context, rsp)) &&
              read_guest_open(cs, from + offsetof(iret_context, cs)) &&
              read_guest_open(ss, from + offsetof(iret_context, ss)) &&
              read_guest_open(flags, from + offsetof(iret_context, flags)) &&
              read_guest_open(rflags_wanted, from + offsetof(iret_context, rflags));
    if (!ok) [[unlikely]] {
        close_guest_access();
        return iret_failed(vcpu, "no frame can be read at the stack");
    }
    close_guest_access();
    if ((cs & 3) == 3) {
        if (!state.user_cr3) return iret_failed(vcpu, "to user mode without page tables for it");
        enter_guest_mode(cpu, state, false);
    }
    if (UNLIKELY(shows_iopl(vcpu))) state.iopl = rflags_wanted >> 12 & 3;
    frame.rflags = (rflags_wanted & ~(rflags::io_privilege | rflags::virtual_8086)) | rflags::interrupts;
    frame.cs = static_cast<uint16_t>(cs | 3);
    frame.ss = static_cast<uint16_t>(ss | 3);
    state.vcpu_info->evtchn_upcall_mask = !(rflags_wanted & rflags::interrupts);
    bool by_sysret = flags & VGCF_in_syscall;
    if (by_sysret) {
        // SYSRET loads these from rip and rflags. To other than canonical 64-bit code that is done here, and by IRET.
        frame.rcx = frame.rip;
        frame.r11 = frame.rflags;
        by_sysret = frame.cs == selector::ring3_code64 && is_canonical(frame.rip);
    }
    if (!by_sysret) frame.vector = 0;
    if (state.nmi_masked) [[unlikely]] {
        state.nmi_masked = false; // and the next may be pending
        return leave_after_work;
    }
    return leave_syscall(cpu, vcpu, by_sysret ? leave_by_sysret : leave_by_iret);
}

[[gnu::noinline]] uint32_t page_fault_trap(CpuLocal& cpu, Vcpu& vcpu) {
    constexpr uint32_t kinds = page_fault::present | page_fault::write | page_fault::reserved | page_fault::fetch;
    uint64_t address = read_cr2();
    uint32_t error_code = cpu.frame.error_code;
    // xen-core's addresses, and a write to a present read-only page by the guest's kernel: perhaps a page table.
    bool is_core = address - layout::core_start < layout::core_end - layout::core_start;
    bool may_be_table = (error_code & kinds) == (page_fault::present | page_fault::write) && vcpu.cpu.in_kernel;
    if (is_core || may_be_table) [[unlikely]]
        return handle_unusual_page_fault(cpu, vcpu, address);
    if (!inject_page_fault(cpu, vcpu, address, error_code)) return leave_slowly(cpu_local(), keep_registers);
    return leave(cpu, vcpu);
}

[[gnu::noinline]] uint32_t interrupt_trap(CpuLocal& cpu, Vcpu& vcpu) {
    dispatch_interrupt(static_cast<uint8_t>(cpu.frame.vector));
    return leave(cpu, vcpu);
}

void note_debug_causes(PvCpuState& state) {
    constexpr uint64_t dr6_neutral = 0xffff0ff0, dr6_causes = 0xe00f, breakpoints = 15;
    uint64_t causes = (read_dr6() ^ dr6_neutral) & dr6_causes;
    write_dr6(dr6_neutral);
    state.debug_registers[6] = (state.debug_registers[6] & ~breakpoints) | causes | dr6_neutral;
}

[[gnu::always_inline]] inline void serve_trap(CpuLocal& cpu, Vcpu& vcpu, uint32_t number) {
    PvCpuState& state = vcpu.cpu;
    switch (number) {
    case vector::general_protection: return handle_general_protection(cpu, vcpu);
    case vector::invalid_opcode: return handle_invalid_opcode(cpu, vcpu);
    case vector::int80: // has a gate of its own, so that it needs no decoding
        if (state.traps[number].address) return inject_trap(cpu, vcpu, number);
        cpu.frame.rip -= int_length;
        return inject_trap(cpu, vcpu, vector::general_protection, number << 3 | selector_error::interrupt_gate);
    case vector_syscall32:
        if (!bounce_if_registered(cpu, vcpu, state.syscall32_callback)) refuse_syscall(cpu, vcpu);
        return;
    case vector_sysenter: // the frame says nothing of where the guest was: its kernel knows how SYSENTER is used
        if (bounce_if_registered(cpu, vcpu, state.sysenter_callback)) return;
        return inject_trap(cpu, vcpu, vector::general_protection, 0);
    case vector::debug: note_debug_causes(state); break;
    case vector::device_not_available:
        // CR0.TS was set for the guest by fpu_taskswitch; the trap clears it, as Xen does.
        if (state.cr0 & cr0::task_switched) state.set_task_switched(false);
    }
    if (vector::has_error_code(number)) return inject_trap(cpu, vcpu, number, cpu.frame.error_code);
    inject_trap(cpu, vcpu, number);
}

[[gnu::noinline]] uint32_t other_trap(CpuLocal& cpu, Vcpu& vcpu) {
    uint32_t number = cpu.frame.vector;
    serve_trap(cpu, vcpu, number);
    bool may_emulate = number == vector::general_protection || number == vector::invalid_opcode;
    return leave(cpu, vcpu, may_emulate ? load_registers : keep_registers);
}

// --- the way out ---

constexpr uint32_t bit(PendingWork work) { return static_cast<uint32_t>(work); }

// Does what the scheduler decides. True: another vCPU's registers are in the frame now.
bool switch_vcpu(CpuLocal& cpu) {
    Nanoseconds time = now();
    Decision decision = scheduler.choose_next(cpu.id, time);
    Vcpu* saved = decision.save ? &vcpu_of(*decision.save) : nullptr;
    Vcpu* loaded = decision.load ? &vcpu_of(*decision.load) : nullptr;
    Vcpu* before = std::exchange(cpu.current, decision.next->is_idle() ? nullptr : &vcpu_of(*decision.next));
    bool segments_ok = true, changes = cpu.current != before;
    if (before && changes) before->timers.switched_out(); // it cannot run elsewhere yet
    if (saved || loaded)
        segments_ok = switch_state(cpu, saved ? &saved->cpu : nullptr, loaded ? &loaded->cpu : nullptr);
    if (saved) scheduler.state_saved(*decision.save);
    timers.set_slice_end(cpu.id, decision.slice_end);
    if (cpu.current && changes) cpu.current->timers.switched_in(cpu.id, time);
    if (loaded) {
        if (!loaded->runstate_area.is_null() || !loaded->time_area.is_null()) [[unlikely]]
            in_kernel_space(cpu, loaded->cpu, [&] { loaded->update_guest_areas(); });
        if (!segments_ok) [[unlikely]]
            inject_failsafe(cpu, *loaded);
    }
    return loaded;
}

void deliver_nmi(CpuLocal& cpu, Vcpu& vcpu) {
    PvCpuState& state = vcpu.cpu;
    if (!state.nmi_pending || state.nmi_masked) [[likely]]
        return;
    state.nmi_pending = false;
    if (!state.nmi_callback.address) return;
    state.nmi_masked = true;
    bounce_to_kernel<BounceWords::plain>(cpu, vcpu, state.nmi_callback);
}

} // namespace

uint32_t guest_syscall(CpuLocal& cpu) {
    Vcpu& vcpu = *cpu.current;
    if (!vcpu.cpu.in_kernel) return user_system_call(cpu, vcpu);
    if (cpu.frame.rax == __HYPERVISOR_iret) return return_from_kernel(cpu, vcpu);
    return hypercall(cpu, vcpu);
}

uint32_t work_before_leaving(CpuLocal& cpu) { return leave_slowly(cpu, keep_registers); }

uint32_t guest_trap(CpuLocal& cpu) {
    Vcpu& vcpu = *cpu.current;
    uint32_t number = cpu.frame.vector;
    if (number == vector::page_fault) [[likely]]
        return page_fault_trap(cpu, vcpu);
    if (number >= vector::first_interrupt && number != vector::int80 && number < 256) return interrupt_trap(cpu, vcpu);
    return other_trap(cpu, vcpu);
}

uint32_t deliver_upcall(CpuLocal& cpu, Vcpu& vcpu) {
    bool ok = bounce_to_callback<BounceWords::plain>(cpu, vcpu, vcpu.cpu.event_callback);
    return ok ? leave_by_sysret : leave_after_work;
}

uint32_t leave_slowly(CpuLocal& cpu, uint32_t result) {
    for (;;) {
        uint32_t work = cpu.take_work();
        if (work & bit(PendingWork::tlb_flush)) serve_flush_requests();
        if (work & bit(PendingWork::nmi)) log(LogLevel::warning, "CPU %u: NMI ignored\n", cpu.id.value);
        if (work & bit(PendingWork::output)) global_virqs.send(VIRQ_CON_RING);
        bool slice_is_over = work & bit(PendingWork::timer) && timers.expire(cpu.id, now());
        if ((slice_is_over || work & bit(PendingWork::reschedule)) && switch_vcpu(cpu)) result = load_registers;
        if (cpu.has_work()) continue;
        if (!cpu.current) {
            cpu.in_idle = true;
            if (!cpu.has_work()) allocator.clear_one_frame() ? let_interrupts_in() : enable_interrupts_and_halt();
            disable_interrupts();
            cpu.in_idle = false;
            continue;
        }
        Vcpu& vcpu = *cpu.current;
        deliver_nmi(cpu, vcpu);
        if (vcpu.has_deliverable_event()) deliver_upcall(cpu, vcpu);
        if (!cpu.has_work()) return result;
    }
}

void enter_scheduler() {
    CpuLocal& cpu = cpu_local();
    cpu.current = nullptr;
    cpu.pending_work.fetch_or(bit(PendingWork::reschedule));
    (void)leave_slowly(cpu, load_registers);
    run_guest(&cpu.frame);
}

} // namespace skerry
