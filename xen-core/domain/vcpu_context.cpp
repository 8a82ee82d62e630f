// SPDX-License-Identifier: MIT
// A vCPU's state to and from the ABI's vcpu_guest_context (<xen/arch-x86/xen.h>).
#include "domain/domain.h"

namespace skerry {
namespace {

// Everything that may be refused is looked at before anything is changed.
Status check_context(const vcpu_guest_context_t& context) {
    for (uint64_t address : {context.user_regs.rip, context.user_regs.rsp, context.kernel_sp,
                             context.event_callback_eip, context.failsafe_callback_eip, context.syscall_callback_eip,
                             context.fs_base, context.gs_base_kernel, context.gs_base_user})
        if (!is_canonical(address)) return Error::invalid;
    for (const trap_info_t& trap : context.trap_ctxt)
        if (!is_canonical(trap.address)) return Error::invalid;
    if (context.gdt_ents > FIRST_RESERVED_GDT_ENTRY || context.ldt_ents > max_ldt_entries || (context.ldt_base & 0xfff))
        return Error::invalid;
    bool fits = !context.ldt_ents || is_guest_range(GuestVirt(context.ldt_base), context.ldt_ents * 8);
    return success_if(fits, Error::invalid);
}

// The general registers, between two structures that name them alike.
template <typename From, typename To> void copy_general(const From& from, To& to) {
    to.r15 = from.r15, to.r14 = from.r14, to.r13 = from.r13, to.r12 = from.r12;
    to.r11 = from.r11, to.r10 = from.r10, to.r9 = from.r9, to.r8 = from.r8;
    to.rbp = from.rbp, to.rbx = from.rbx, to.rax = from.rax, to.rcx = from.rcx;
    to.rdx = from.rdx, to.rsi = from.rsi, to.rdi = from.rdi;
}

// What both hold alike, once for both directions.
template <typename State, typename Context, typename Copy> void pair_up(State& state, Context& context, Copy&& copy) {
    auto& ours = state.registers;
    auto& theirs = context.user_regs;
    copy(ours.rip, theirs.rip);
    copy(ours.cs, theirs.cs);
    copy(ours.rflags, theirs.rflags);
    copy(ours.rsp, theirs.rsp);
    copy(ours.ss, theirs.ss);
    copy(state.ds, theirs.ds);
    copy(state.es, theirs.es);
    copy(state.fs, theirs.fs);
    copy(state.gs, theirs.gs);
    copy(state.fs_base, context.fs_base);
    copy(state.gs_base_kernel, context.gs_base_kernel);
    copy(state.gs_base_user, context.gs_base_user);
    copy(state.kernel_ss, context.kernel_ss);
    copy(state.kernel_sp, context.kernel_sp);
    copy(state.event_callback.address, context.event_callback_eip);
    copy(state.failsafe_callback.address, context.failsafe_callback_eip);
    copy(state.syscall_callback.address, context.syscall_callback_eip);
    copy(state.traps, context.trap_ctxt);
}

constexpr auto to_state = [](auto& ours, const auto& theirs) {
    static_assert(sizeof(ours) == sizeof(theirs));
    memcpy(&ours, &theirs, sizeof(ours));
};
constexpr auto to_context = [](const auto& ours, auto& theirs) { to_state(theirs, ours); };

// A page-table base that is given back unless it is kept.
class TakenBase : NonCopyable {
  public:
    TakenBase(PvMmu& mmu, WorkBudget& budget) : mmu_(mmu), budget_(budget) {}
    ~TakenBase() {
        if (base_) mmu_.release_base(frame_of(MachAddr(base_)), budget_);
    }
    // As xen_cr3_to_pfn() of the ABI: on x86-64 the frame number stands where the hardware has it.
    Status take(uint64_t cr3) {
        uint64_t wanted = cr3 & pte::frame_mask;
        if (wanted) TRY(mmu_.take_base(frame_of(MachAddr(wanted)), budget_));
        base_ = wanted;
        return success;
    }
    // The call restarts: it will take the base again, and get further.
    void suspend() {
        if (base_) mmu_.suspend_base(frame_of(MachAddr(std::exchange(base_, 0))));
    }
    // `held` gets the base; the one it held is given back by this object.
    void swap_into(uint64_t& held) { std::swap(held, base_); }

  private:
    PvMmu& mmu_;
    WorkBudget& budget_;
    uint64_t base_ = 0;
};

} // namespace

Status PvCpuState::set_context(PvMmu& mmu, const vcpu_guest_context_t& context) {
    TRY(check_context(context));
    TRY(set_gdt(mmu, context.gdt_frames, static_cast<unsigned>(context.gdt_ents)));
    TRY(set_ldt(mmu, context.ldt_base, static_cast<unsigned>(context.ldt_ents)));
    registers = {}; // vector 0: leave by IRET
    copy_general(context.user_regs, registers);
    pair_up(*this, context, to_state);
    iopl = registers.rflags >> 12 & 3;
    registers.rflags &= ~(rflags::io_privilege | rflags::virtual_8086);
    registers.rflags |= rflags::interrupts | rflags::reserved_one;
    registers.cs = selector::for_ring3(registers.cs);
    registers.ss = selector::for_ring3(registers.ss);
    kernel_ss = selector::for_ring3(static_cast<uint16_t>(kernel_ss));
    for (trap_info_t& trap : traps) trap.cs = selector::for_ring3(trap.cs);
    in_kernel = context.flags & VGCF_in_kernel;
    event_callback.masks_events = true;
    failsafe_callback.masks_events = context.flags & VGCF_failsafe_disables_events;
    syscall_callback.masks_events = context.flags & VGCF_syscall_disables_events;
    cr0 = (core_cr0() & ~cr0::task_switched) | (context.ctrlreg[0] & cr0::task_switched);
    cr4 = guest_cr4(context.ctrlreg[4]);
    for (unsigned index : {0, 1, 2, 3, 6, 7})
        (void)set_debug_register(index, context.debugreg[index]).ok(); // a bad one stays as it was
    new (extended_state.get()) ExtendedState;
    if (context.flags & VGCF_I387_VALID) extended_state->set_legacy(&context.fpu_ctxt);
    return success;
}

void PvCpuState::get_context(vcpu_guest_context_t& context) const {
    memset(&context, 0, sizeof(context));
    extended_state->get_legacy(&context.fpu_ctxt);
    context.flags = VGCF_I387_VALID | (in_kernel ? VGCF_in_kernel : 0) |
                    (failsafe_callback.masks_events ? VGCF_failsafe_disables_events : 0) |
                    (syscall_callback.masks_events ? VGCF_syscall_disables_events : 0);
    copy_general(registers, context.user_regs);
    pair_up(*this, context, to_context);
    if (registers.vector == vector_syscall) { // what SYSRET will load
        context.user_regs.rcx = registers.rip;
        context.user_regs.r11 = registers.rflags;
    }
    context.user_regs.rflags |= uint64_t{iopl} << 12;
    context.ldt_base = ldt_base;
    context.ldt_ents = ldt_entries;
    for (unsigned i = 0; i < gdt_pages(); ++i) context.gdt_frames[i] = gdt_frames[i].value;
    context.gdt_ents = gdt_entries;
    context.ctrlreg[0] = cr0;
    context.ctrlreg[2] = vcpu_info->arch.cr2;
    context.ctrlreg[4] = cr4;
    memcpy(context.debugreg, debug_registers, sizeof(debug_registers));
}

Status initialise_vcpu(Vcpu& vcpu, const vcpu_guest_context_t& context, WorkBudget& budget) {
    PvMmu& mmu = vcpu.domain.mmu;
    TakenBase kernel(mmu, budget), user(mmu, budget);
    if (!(context.ctrlreg[3] & pte::frame_mask)) return Error::invalid;
    Status done = kernel.take(context.ctrlreg[3]);
    if (done.ok()) done = user.take(context.ctrlreg[1]);
    if (done.ok()) done = vcpu.cpu.set_context(mmu, context);
    if (!done.ok()) {
        if (done.error() == Error::restart) {
            kernel.suspend();
            user.suspend();
        }
        return done;
    }
    kernel.swap_into(vcpu.cpu.kernel_cr3);
    user.swap_into(vcpu.cpu.user_cr3);
    vcpu.domain.vm_assist |= context.vm_assist;
    vcpu.is_initialised = true;
    return success;
}

void describe_vcpu(const Vcpu& vcpu, vcpu_guest_context_t& context) {
    vcpu.cpu.get_context(context);
    context.ctrlreg[3] = vcpu.cpu.kernel_cr3;
    context.ctrlreg[1] = vcpu.cpu.user_cr3;
    context.vm_assist = vcpu.domain.vm_assist;
    if (!vcpu.is_down()) context.flags |= VGCF_online;
}

} // namespace skerry
