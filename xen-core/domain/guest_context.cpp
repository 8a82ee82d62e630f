// SPDX-License-Identifier: MIT
// A vCPU's state to and from the ABI's vcpu_guest_context (<xen/arch-x86/xen.h>), but for its page-table bases.
#include "arch/x86_64/features.h"
#include "arch/x86_64/instructions.h"
#include "domain/extended_state.h"
#include "domain/pv_cpu_state.h"
#include "memory/guest_copy.h"

#include <string.h>

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
    if (context.ldt_ents && !is_guest_range(GuestVirt(context.ldt_base), context.ldt_ents * 8)) return Error::invalid;
    return success;
}

// The general registers, between two structures that name them alike.
template <typename From, typename To> void copy_general(const From& from, To& to) {
    to.r15 = from.r15, to.r14 = from.r14, to.r13 = from.r13, to.r12 = from.r12;
    to.r11 = from.r11, to.r10 = from.r10, to.r9 = from.r9, to.r8 = from.r8;
    to.rbp = from.rbp, to.rbx = from.rbx, to.rax = from.rax, to.rcx = from.rcx;
    to.rdx = from.rdx, to.rsi = from.rsi, to.rdi = from.rdi;
}

RegisterFrame frame_from(const cpu_user_regs_t& user) {
    RegisterFrame frame{}; // vector 0: leave by IRET
    copy_general(user, frame);
    frame.rip = user.rip;
    frame.rsp = user.rsp;
    frame.cs = selector::for_ring3(user.cs);
    frame.ss = selector::for_ring3(user.ss);
    frame.rflags =
        (user.rflags & ~(rflags::io_privilege | rflags::virtual_8086)) | rflags::interrupts | rflags::reserved_one;
    return frame;
}

} // namespace

Status PvCpuState::set_context(PvMmu& mmu, const vcpu_guest_context_t& context) {
    TRY_STATUS(check_context(context));
    TRY_STATUS(set_gdt(mmu, context.gdt_frames, static_cast<unsigned>(context.gdt_ents)));
    TRY_STATUS(set_ldt(mmu, context.ldt_base, static_cast<unsigned>(context.ldt_ents)));
    in_kernel = context.flags & VGCF_in_kernel;
    registers = frame_from(context.user_regs);
    ds = context.user_regs.ds;
    es = context.user_regs.es;
    fs = context.user_regs.fs;
    gs = context.user_regs.gs;
    fs_base = context.fs_base;
    gs_base_kernel = context.gs_base_kernel;
    gs_base_user = context.gs_base_user;
    iopl = context.user_regs.rflags >> 12 & 3;
    kernel_ss = selector::for_ring3(static_cast<uint16_t>(context.kernel_ss));
    kernel_sp = context.kernel_sp;
    for (unsigned i = 0; i < 256; ++i) {
        traps[i] = context.trap_ctxt[i];
        traps[i].cs = selector::for_ring3(traps[i].cs);
    }
    event_callback = {context.event_callback_eip, true};
    failsafe_callback = {context.failsafe_callback_eip, (context.flags & VGCF_failsafe_disables_events) != 0};
    syscall_callback = {context.syscall_callback_eip, (context.flags & VGCF_syscall_disables_events) != 0};
    cr0 = (core_cr0() & ~cr0::task_switched) | (context.ctrlreg[0] & cr0::task_switched);
    cr4 = guest_cr4(context.ctrlreg[4]);
    for (unsigned index : {0, 1, 2, 3, 6, 7})
        (void)set_debug_register(index, context.debugreg[index]).ok(); // a bad one stays as it was
    if (context.flags & VGCF_I387_VALID)
        set_legacy_state(extended_state, &context.fpu_ctxt);
    else
        initialise_extended_state(extended_state);
    return success;
}

void PvCpuState::get_context(vcpu_guest_context_t& context) const {
    memset(&context, 0, sizeof(context));
    get_legacy_state(extended_state, &context.fpu_ctxt);
    context.flags = VGCF_I387_VALID | (in_kernel ? VGCF_in_kernel : 0) |
                    (failsafe_callback.masks_events ? VGCF_failsafe_disables_events : 0) |
                    (syscall_callback.masks_events ? VGCF_syscall_disables_events : 0);
    copy_general(registers, context.user_regs);
    context.user_regs.rip = registers.rip;
    context.user_regs.cs = registers.cs;
    context.user_regs.rflags = registers.rflags;
    context.user_regs.rsp = registers.rsp;
    context.user_regs.ss = registers.ss;
    if (registers.vector == vector_syscall) { // what SYSRET will load
        context.user_regs.rcx = registers.rip;
        context.user_regs.r11 = registers.rflags;
    }
    context.user_regs.rflags |= uint64_t{iopl} << 12;
    context.user_regs.ds = ds;
    context.user_regs.es = es;
    context.user_regs.fs = fs;
    context.user_regs.gs = gs;
    memcpy(context.trap_ctxt, traps, sizeof(traps));
    context.ldt_base = ldt_base;
    context.ldt_ents = ldt_entries;
    for (unsigned i = 0; i < gdt_pages(); ++i) context.gdt_frames[i] = gdt_frames[i].value;
    context.gdt_ents = gdt_entries;
    context.kernel_ss = kernel_ss;
    context.kernel_sp = kernel_sp;
    context.ctrlreg[0] = cr0;
    context.ctrlreg[2] = vcpu_info->arch.cr2;
    context.ctrlreg[4] = cr4;
    memcpy(context.debugreg, debug_registers, sizeof(debug_registers));
    context.event_callback_eip = event_callback.address;
    context.failsafe_callback_eip = failsafe_callback.address;
    context.syscall_callback_eip = syscall_callback.address;
    context.fs_base = fs_base;
    context.gs_base_kernel = gs_base_kernel;
    context.gs_base_user = gs_base_user;
}

} // namespace skerry
