// SPDX-License-Identifier: MIT
// The hypercalls on the domain's vCPUs. vcpu_op: bringing them up and down, their timers and shared areas
// (<xen/vcpu.h>). sched_op: giving up the CPU, waiting, and ending the domain (<xen/sched.h>). Of the calling one: its
// single-shot timer, and each thing of its processor state (PvCpuState checks it): descriptor and trap tables,
// callbacks, stack, segment bases, debug registers (<xen/arch-x86/xen.h>, <xen/callback.h>, <xen/nmi.h>).
#include "hypercalls/dispatch.h"

namespace skerry {
namespace {

// What concerns a vCPU that does not run, its siblings might do at the same time: hence the lock.
Status initialise(Caller& caller, Vcpu& target, GuestHandle<vcpu_guest_context_t> argument) {
    Holding held(caller.domain().control);
    if (target.is_initialised) return Error::exists;
    auto context = TRY(CoreBox<vcpu_guest_context_t>::create(caller.domain().account));
    TRY(argument.read(*context));
    return initialise_vcpu(target, *context, caller.budget);
}

Status register_info(Caller& caller, Vcpu& target, const vcpu_register_vcpu_info_t& request) {
    Holding held(caller.domain().control);
    if (&target != &caller.vcpu && !target.is_down()) return Error::invalid;
    return target.register_info(Mfn(request.mfn), request.offset);
}

Status bring_up(Vcpu& target) {
    if (!target.is_initialised) return Error::invalid;
    (void)scheduler.bring_up(target);
    return success;
}

// The last vCPU to go down takes the domain with it.
Status take_down(Domain& domain, Vcpu& target) {
    bool others = false;
    domain.for_each_vcpu([&](Vcpu& vcpu) { others |= &vcpu != &target && !vcpu.is_down(); });
    if (others)
        (void)scheduler.take_down(target);
    else
        domain.shut_down(SHUTDOWN_poweroff);
    return success;
}

Status register_runstate(Vcpu& target, const vcpu_register_runstate_memory_area_t& request) {
    GuestHandle<vcpu_runstate_info_t> area(request.addr.p);
    if (!area.is_null()) TRY(area.write(scheduler.runstate(target)));
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
    TRY(target.timers.set_periodic(target.home(), now(), request.period_ns));
    if (!target.is_running()) target.timers.switched_out(); // ticks only while it runs
    return success;
}

Status set_singleshot(Vcpu& own, const vcpu_set_singleshot_timer_t& request) {
    bool only_future = request.flags & VCPU_SSHOTTMR_future;
    return success_if(own.timers.set_singleshot(this_cpu(), now(), request.timeout_abs_ns, only_future),
                      Error::timed_out);
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

// --- sched_op ---

constexpr uint32_t max_polled_ports = 128;

// Is one of the guest's ports pending? Errors: invalid (no such port), bad_address.
Result<bool> any_pending(Caller& caller, const sched_poll_t& request, uint32_t& single_port) {
    GuestHandle<evtchn_port_t> ports = handle_of<evtchn_port_t>(request.ports);
    for (uint32_t i = 0; i < request.nr_ports; ++i) {
        evtchn_port_t port;
        TRY(ports.read(port, i));
        if (!caller.domain().events.is_valid(EvtPort(port))) return Error::invalid;
        if (caller.domain().events.is_pending(EvtPort(port))) return true;
        single_port = port;
    }
    return false;
}

// The registration in polled_port stays until an event or the next poll finds that the vCPU no longer waits.
Status poll(Caller& caller, const sched_poll_t& request) {
    if (request.nr_ports > max_polled_ports) return Error::invalid;
    Vcpu& vcpu = caller.vcpu;
    uint32_t port = Vcpu::poll_any;
    if (TRY(any_pending(caller, request, port))) return success;
    vcpu.timers.stop_poll();
    uint32_t wanted = request.nr_ports == 1 ? port : Vcpu::poll_any;
    if (vcpu.polled_port.exchange(wanted, std::memory_order_seq_cst) == Vcpu::poll_none)
        caller.domain().events.begin_poll();
    Result<bool> pending = any_pending(caller, request, port);
    if (!pending.ok() || pending.value()) {
        vcpu.end_poll();
        return pending.error();
    }
    // The guest's list was read; what may have changed since is only whether a poller was woken, and whether there is
    // an event to deliver that came before the registration.
    bool blocked = scheduler.block(vcpu, [&] {
        return vcpu.polled_port.load(std::memory_order_seq_cst) != wanted || vcpu.has_something_to_deliver();
    });
    if (blocked && request.timeout) vcpu.timers.set_poll_timeout(this_cpu(), request.timeout);
    return success;
}

// What a reason means is between the domain and who controls it; as on Xen it has eight bits.
Status shut_down(Caller& caller, const sched_shutdown_t& request) {
    caller.domain().shut_down(static_cast<uint8_t>(request.reason));
    return success;
}

Status announce_shutdown_code(Caller& caller, const sched_shutdown_t& request) {
    return success_if(caller.domain().announce_shutdown_code(static_cast<uint8_t>(request.reason)), Error::invalid);
}

Status remote_shutdown(Caller& caller, const sched_remote_shutdown_t& request) {
    DomainRef domain = TRY(domain_table.find(DomId(request.domain_id)));
    TRY(AuthorityCheck::control(caller.domain(), *domain));
    Holding held(domain->control); // its vCPUs stay
    domain->shut_down(static_cast<uint8_t>(request.reason));
    return success;
}

// Watchdogs are numbered from 1 on; 0 asks for a new one, whose number is the answer.
HypercallResult watchdog(Caller& caller, const sched_watchdog_t& request) {
    Nanoseconds timeout = request.timeout * nanoseconds_per_second;
    if (request.id ? !caller.domain().has_watchdog(request.id - 1) : !timeout) return Error::invalid;
    unsigned slot = request.id ? request.id - 1 : TRY(caller.domain().free_watchdog());
    caller.domain().set_watchdog(slot, timeout);
    return request.id ? 0 : slot + 1;
}

} // namespace

HypercallResult hypercall_vcpu_op(Caller& caller, uint32_t command, uint32_t number, GuestHandle<void> argument) {
    Vcpu* target = caller.domain().vcpu(VcpuId(number));
    if (!target) return Error::not_found;
    bool is_singleshot = command == VCPUOP_set_singleshot_timer || command == VCPUOP_stop_singleshot_timer;
    if (is_singleshot && target != &caller.vcpu) return Error::invalid;
    switch (command) {
    case VCPUOP_initialise: return initialise(caller, *target, argument.as<vcpu_guest_context_t>());
    case VCPUOP_register_vcpu_info: return perform<register_info>(argument, caller, *target);
    case VCPUOP_up: return bring_up(*target);
    case VCPUOP_down: return take_down(caller.domain(), *target);
    case VCPUOP_is_up: return target->is_down() ? 0 : 1;
    case VCPUOP_get_runstate_info: return argument.as<vcpu_runstate_info_t>().write(scheduler.runstate(*target));
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

HypercallResult hypercall_sched_op(Caller& caller, uint32_t command, GuestHandle<void> argument) {
    switch (command) {
    case SCHEDOP_yield: scheduler.yield(caller.vcpu); return 0;
    case SCHEDOP_block: caller.vcpu.block(); return 0;
    case SCHEDOP_poll: return perform<poll>(argument, caller);
    case SCHEDOP_shutdown: return perform<shut_down>(argument, caller);
    case SCHEDOP_shutdown_code: return perform<announce_shutdown_code>(argument, caller);
    case SCHEDOP_remote_shutdown: return perform<remote_shutdown>(argument, caller);
    case SCHEDOP_watchdog: return perform<watchdog>(argument, caller);
    default: return Error::no_system_call;
    }
}

// The form of interface versions before 3.1.1: the argument itself instead of a structure.
HypercallResult hypercall_sched_op_compat(Caller& caller, int32_t operation, uint64_t argument) {
    switch (operation) {
    case SCHEDOP_yield: scheduler.yield(caller.vcpu); return 0;
    case SCHEDOP_block: caller.vcpu.block(); return 0;
    case SCHEDOP_shutdown: return shut_down(caller, {.reason = static_cast<uint32_t>(argument)});
    default: return Error::no_system_call;
    }
}

HypercallResult hypercall_set_timer_op(Caller& caller, int64_t deadline) {
    auto& timers = caller.vcpu.timers;
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
    auto& traps = caller.vcpu.cpu.traps;
    if (table.is_null()) {
        std::ranges::fill(traps, trap_info_t{});
        return 0;
    }
    for (;; table = table.advanced(1)) {
        trap_info_t entry;
        TRY(table.read(entry));
        if (entry.address == 0) return 0;
        if (!is_canonical(entry.address)) return Error::invalid;
        entry.cs = selector::for_ring3(entry.cs);
        traps[entry.vector] = entry;
        if (!caller.budget.spend()) return caller.continue_with(0, {table.advanced(1).address().value});
    }
}

// Up to 14 frames become the vCPU's descriptor table.
HypercallResult hypercall_set_gdt(Caller& caller, GuestHandle<xen_ulong_t> frames, uint32_t entries) {
    if (entries > FIRST_RESERVED_GDT_ENTRY) return Error::invalid;
    uint64_t numbers[window_gdt_guest_pages];
    TRY(frames.as<uint64_t>().read_array(numbers, (entries + 511) / 512));
    return caller.vcpu.cpu.set_gdt(caller.domain().mmu, numbers, entries);
}

// Where the guest kernel's stack begins when it is entered from its user mode.
HypercallResult hypercall_stack_switch(Caller& caller, uint64_t stack_segment, uint64_t stack_pointer) {
    caller.vcpu.cpu.kernel_ss = selector::for_ring3(static_cast<uint16_t>(stack_segment));
    caller.vcpu.cpu.kernel_sp = stack_pointer;
    return 0;
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
    PvCpuState& cpu = caller.vcpu.cpu;
    if (which != SEGBASE_GS_USER_SEL && !is_canonical(base)) return Error::invalid;
    switch (which) {
    // The kernel calls: its own base is the one in use.
    case SEGBASE_FS: write_msr(msr::fs_base, cpu.fs_base = base); return 0;
    case SEGBASE_GS_USER: write_msr(msr::kernel_gs_base, cpu.gs_base_user = base); return 0;
    case SEGBASE_GS_KERNEL: write_msr(msr::gs_base, cpu.gs_base_kernel = base); return 0;
    case SEGBASE_GS_USER_SEL: load_user_gs_selector(static_cast<uint16_t>(base)); return 0;
    default: return Error::invalid;
    }
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
