// SPDX-License-Identifier: MIT
// The hypercalls that set one thing of the calling vCPU's processor state (PvCpuState checks it): descriptor and trap
// tables, callbacks, stack, segment bases, debug registers (<xen/arch-x86/xen.h>, <xen/callback.h>, <xen/nmi.h>).
#include "hypercalls/dispatch.h"

namespace skerry {
namespace {

Status register_callback(PvCpuState& cpu, const callback_register_t& request) {
    return cpu.register_callback(request.type, request.flags, request.address);
}
Status unregister(PvCpuState& cpu, const callback_unregister_t& request) {
    return cpu.unregister_callback(request.type);
}
Status register_nmi(PvCpuState& cpu, const xennmi_callback_t& request) {
    return cpu.register_callback(CALLBACKTYPE_nmi, 0, request.handler_address);
}

} // namespace

// The guest's virtual IDT, entry by entry until one with address 0; a null table clears it.
HypercallResult hypercall_set_trap_table(Caller& caller, GuestHandle<trap_info_t> table) {
    PvCpuState& cpu = caller.vcpu.cpu;
    if (table.is_null()) {
        cpu.clear_traps();
        return 0;
    }
    for (;; table = table.advanced(1)) {
        trap_info_t entry;
        TRY(table.read(entry));
        if (entry.address == 0) return 0;
        TRY(cpu.set_trap(entry));
        if (!caller.budget.spend()) return caller.continue_with(0, {table.advanced(1).address().value});
    }
}

// Up to 14 frames become the vCPU's descriptor table.
HypercallResult hypercall_set_gdt(Caller& caller, GuestHandle<xen_ulong_t> frames, uint32_t entries) {
    if (entries > FIRST_RESERVED_GDT_ENTRY) return Error::invalid;
    uint64_t numbers[guest_gdt_pages];
    TRY(frames.as<uint64_t>().read_array(numbers, (entries + 511) / 512));
    return caller.vcpu.cpu.set_gdt(caller.domain.mmu, numbers, entries);
}

// Where the guest kernel's stack begins when it is entered from its user mode.
HypercallResult hypercall_stack_switch(Caller& caller, uint64_t stack_segment, uint64_t stack_pointer) {
    return caller.vcpu.cpu.set_kernel_stack(stack_segment, stack_pointer);
}

// Where the guest kernel wants to be entered: callback_op and its predecessors set_callbacks and nmi_op.
HypercallResult hypercall_callback_op(Caller& caller, uint32_t command, GuestHandle<void> argument) {
    switch (command) {
    case CALLBACKOP_register: return perform<register_callback>(argument, caller.vcpu.cpu);
    case CALLBACKOP_unregister: return perform<unregister>(argument, caller.vcpu.cpu);
    default: return Error::no_system_call;
    }
}

HypercallResult hypercall_set_callbacks(Caller& caller, uint64_t event, uint64_t failsafe, uint64_t syscall) {
    PvCpuState& cpu = caller.vcpu.cpu;
    TRY(cpu.register_callback(CALLBACKTYPE_event, 0, event));
    TRY(cpu.register_callback(CALLBACKTYPE_failsafe, 0, failsafe));
    return cpu.register_callback(CALLBACKTYPE_syscall, 0, syscall);
}

HypercallResult hypercall_nmi_op(Caller& caller, uint32_t command, GuestHandle<void> argument) {
    switch (command) {
    case XENNMI_register_callback: return perform<register_nmi>(argument, caller.vcpu.cpu);
    case XENNMI_unregister_callback: return caller.vcpu.cpu.unregister_callback(CALLBACKTYPE_nmi);
    default: return Error::no_system_call;
    }
}

// FS and GS bases, and the GS selector of the guest's user mode.
HypercallResult hypercall_set_segment_base(Caller& caller, uint32_t which, uint64_t base) {
    return caller.vcpu.cpu.set_segment_base(which, base);
}

// The guest's CR0.TS.
HypercallResult hypercall_fpu_taskswitch(Caller& caller, int32_t set) {
    caller.vcpu.cpu.set_task_switched(set != 0);
    return 0;
}

// Without the bits that would reach xen-core.
HypercallResult hypercall_set_debugreg(Caller& caller, int32_t index, uint64_t value) {
    return caller.vcpu.cpu.set_debug_register(static_cast<unsigned>(index), value);
}

// The value itself is the result, so an error looks like one: as in Xen.
HypercallResult hypercall_get_debugreg(Caller& caller, int32_t index) {
    return static_cast<int64_t>(TRY(caller.vcpu.cpu.get_debug_register(static_cast<unsigned>(index))));
}

// iret is the one hypercall that returns to where its argument says instead of with a result: traps/ executes it before
// dispatch. Only a multicall gets here; what the guest executes next is this instead of the rest of its list, as on Xen.
HypercallResult hypercall_iret(Caller&) {
    cpu_local().frame.rax = __HYPERVISOR_iret;
    return Error::restart;
}

} // namespace skerry
