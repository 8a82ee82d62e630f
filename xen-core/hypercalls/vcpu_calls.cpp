// SPDX-License-Identifier: MIT
// The hypercalls on the domain's vCPUs. vcpu_op: bringing them up and down, their timers and shared areas
// (<xen/vcpu.h>). Of the calling one: its single-shot timer, and each thing of its processor state (PvCpuState checks
// it): descriptor and trap tables, callbacks, stack, segment bases, debug registers (<xen/arch-x86/xen.h>,
// <xen/callback.h>, <xen/nmi.h>).
#include "arch/x86_64/time.h"
#include "hypercalls/dispatch.h"

namespace skerry {
namespace {

// What concerns a vCPU that does not run, its siblings might do at the same time: hence the lock.
Status initialise(Caller& caller, Vcpu& target, GuestHandle<vcpu_guest_context_t> argument) {
    Holding held(caller.domain.control);
    if (target.is_initialised) return Error::exists;
    auto context = TRY(CoreBox<vcpu_guest_context_t>::create(caller.domain.account));
    TRY(argument.read(*context));
    return initialise_vcpu(target, *context, caller.budget);
}

Status register_info(Caller& caller, Vcpu& target, const vcpu_register_vcpu_info_t& request) {
    Holding held(caller.domain.control);
    if (&target != &caller.vcpu && !target.entity.is_down()) return Error::invalid;
    return target.register_info(Mfn(request.mfn), request.offset);
}

Status bring_up(Vcpu& target) {
    if (!target.is_initialised) return Error::invalid;
    (void)scheduler.bring_up(target.entity);
    return success;
}

// The last vCPU to go down takes the domain with it.
Status take_down(Domain& domain, Vcpu& target) {
    bool others = false;
    domain.for_each_vcpu([&](Vcpu& vcpu) { others |= &vcpu != &target && !vcpu.entity.is_down(); });
    if (others)
        (void)scheduler.take_down(target.entity);
    else
        domain.shut_down(SHUTDOWN_poweroff);
    return success;
}

Status register_runstate(Vcpu& target, const vcpu_register_runstate_memory_area_t& request) {
    GuestHandle<vcpu_runstate_info_t> area(request.addr.p);
    if (!area.is_null()) TRY(area.write(scheduler.runstate(target.entity)));
    target.runstate_area = area;
    return success;
}

Status register_time(Vcpu& target, const vcpu_register_time_memory_area_t& request) {
    GuestHandle<vcpu_time_info_t> area(request.addr.p);
    if (!area.is_null()) TRY(area.write(Vcpu::time_parameters()));
    target.time_area = area;
    return success;
}

// --- timers: the single-shot one is the calling vCPU's own affair ---

Status set_periodic(Vcpu& target, const vcpu_set_periodic_timer_t& request) {
    TRY(target.timers.set_periodic(target.entity.home(), now(), request.period_ns));
    if (!target.entity.is_running()) target.timers.switched_out(); // ticks only while it runs
    return success;
}

Status set_singleshot(Vcpu& own, const vcpu_set_singleshot_timer_t& request) {
    bool only_future = request.flags & VCPU_SSHOTTMR_future;
    bool is_set = own.timers.set_singleshot(this_cpu(), now(), request.timeout_abs_ns, only_future);
    return is_set ? success : Status(Error::timed_out);
}

// --- callbacks ---

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

HypercallResult hypercall_vcpu_op(Caller& caller, uint32_t command, uint32_t number, GuestHandle<void> argument) {
    Vcpu* target = caller.domain.vcpu(VcpuId(number));
    if (!target) return Error::not_found;
    bool is_singleshot = command == VCPUOP_set_singleshot_timer || command == VCPUOP_stop_singleshot_timer;
    if (is_singleshot && target != &caller.vcpu) return Error::invalid;
    switch (command) {
    case VCPUOP_initialise: return initialise(caller, *target, argument.as<vcpu_guest_context_t>());
    case VCPUOP_register_vcpu_info: return perform<register_info>(argument, caller, *target);
    case VCPUOP_up: return bring_up(*target);
    case VCPUOP_down: return take_down(caller.domain, *target);
    case VCPUOP_is_up: return target->entity.is_down() ? 0 : 1;
    case VCPUOP_get_runstate_info: return argument.as<vcpu_runstate_info_t>().write(scheduler.runstate(target->entity));
    case VCPUOP_register_runstate_memory_area: return perform<register_runstate>(argument, *target);
    case VCPUOP_register_vcpu_time_memory_area: return perform<register_time>(argument, *target);
    case VCPUOP_set_periodic_timer: return perform<set_periodic>(argument, *target);
    case VCPUOP_stop_periodic_timer: target->timers.stop_periodic(); return 0;
    case VCPUOP_set_singleshot_timer: return perform<set_singleshot>(argument, *target);
    case VCPUOP_stop_singleshot_timer: target->timers.stop_singleshot(); return 0;
    case VCPUOP_send_nmi:
        __atomic_store_n(&target->cpu.nmi_pending, true, __ATOMIC_SEQ_CST); // before it is looked whether it waits
        target->kick();
        return 0;
    case VCPUOP_get_physid: return Error::invalid; // only for vCPUs that are pinned for good
    default: return Error::no_system_call;
    }
}

HypercallResult hypercall_set_timer_op(Caller& caller, int64_t deadline) {
    VcpuTimers& timers = caller.vcpu.timers;
    auto wanted = static_cast<Nanoseconds>(deadline);
    Nanoseconds time = now();
    // As on Xen, one that is 13 days away or more is taken for a clock that wrapped around: the guest is to look again.
    constexpr Nanoseconds soon = 100'000'000;
    if (deadline == 0) {
        timers.stop_singleshot();
        return 0;
    }
    if (deadline < 0 || (wanted > time && (wanted - time) >> 50)) wanted = time + soon;
    (void)timers.set_singleshot(this_cpu(), time, wanted, false);
    return 0;
}

// --- the processor state of the calling vCPU ---

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
