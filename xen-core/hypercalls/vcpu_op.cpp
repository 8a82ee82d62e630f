// SPDX-License-Identifier: MIT
// vcpu_op: bringing the domain's vCPUs up and down, their timers and shared areas (<xen/vcpu.h>). set_timer_op: the
// calling vCPU's single-shot timer.
#include "arch/x86_64/time.h"
#include "hypercalls/dispatch.h"
#include "hypercalls/handles.h"

namespace skerry {
namespace {

HypercallResult initialise(Caller& caller, Vcpu& target, GuestHandle<void> argument) {
    if (target.is_initialised) return Error::exists;
    auto context = TRY(CoreBox<vcpu_guest_context_t>::create(caller.domain.account));
    TRY_STATUS(argument.as<vcpu_guest_context_t>().read(*context));
    TRY_STATUS(initialise_vcpu(target, *context, caller.budget));
    return 0;
}

HypercallResult bring_up(Vcpu& target) {
    if (!target.is_initialised) return Error::invalid;
    (void)scheduler.bring_up(target.entity);
    return 0;
}

// The last vCPU to go down takes the domain with it.
HypercallResult take_down(Caller& caller, Vcpu& target) {
    bool others = false;
    caller.domain.for_each_vcpu([&](Vcpu& vcpu) { others |= &vcpu != &target && !vcpu.entity.is_down(); });
    if (!others) {
        caller.domain.shut_down(SHUTDOWN_poweroff);
        return 0;
    }
    (void)scheduler.take_down(target.entity);
    return 0;
}

HypercallResult register_runstate(Caller& caller, Vcpu& target, GuestHandle<void> argument) {
    vcpu_register_runstate_memory_area_t request;
    TRY_STATUS(argument.as<vcpu_register_runstate_memory_area_t>().read(request));
    GuestHandle<vcpu_runstate_info_t> area(request.addr.p);
    if (area.is_null()) {
        target.runstate_area = area;
        return 0;
    }
    TRY_STATUS(area.write(scheduler.runstate(target.entity)));
    target.runstate_area = area;
    (void)caller;
    return 0;
}

HypercallResult register_time(Vcpu& target, GuestHandle<void> argument) {
    vcpu_register_time_memory_area_t request;
    TRY_STATUS(argument.as<vcpu_register_time_memory_area_t>().read(request));
    GuestHandle<vcpu_time_info_t> area(request.addr.p);
    if (!area.is_null()) TRY_STATUS(area.write(Vcpu::time_parameters()));
    target.time_area = area;
    return 0;
}

HypercallResult register_info(Caller& caller, Vcpu& target, GuestHandle<void> argument) {
    vcpu_register_vcpu_info_t request;
    TRY_STATUS(argument.as<vcpu_register_vcpu_info_t>().read(request));
    if (&target != &caller.vcpu && !target.entity.is_down()) return Error::invalid;
    TRY_STATUS(target.register_info(Mfn(request.mfn), request.offset));
    return 0;
}

HypercallResult set_periodic(Caller& caller, Vcpu& target, GuestHandle<void> argument) {
    vcpu_set_periodic_timer_t request;
    TRY_STATUS(argument.as<vcpu_set_periodic_timer_t>().read(request));
    TRY_STATUS(target.timers.set_periodic(caller.vcpu.entity.home(), now(), request.period_ns));
    return 0;
}

HypercallResult set_singleshot(Caller& caller, GuestHandle<void> argument) {
    vcpu_set_singleshot_timer_t request;
    TRY_STATUS(argument.as<vcpu_set_singleshot_timer_t>().read(request));
    bool only_future = request.flags & VCPU_SSHOTTMR_future;
    if (!caller.vcpu.timers.set_singleshot(this_cpu(), now(), request.timeout_abs_ns, only_future))
        return Error::timed_out;
    return 0;
}

} // namespace

HypercallResult hypercall_vcpu_op(Caller& caller, uint32_t command, uint32_t number, GuestHandle<void> argument) {
    Vcpu* target = caller.domain.vcpu(VcpuId(number));
    if (!target) return Error::not_found;
    bool own = target == &caller.vcpu;
    switch (command) {
    // What concerns a vCPU that does not run, its siblings might do at the same time.
    case VCPUOP_initialise: {
        Holding held(caller.domain.control);
        return initialise(caller, *target, argument);
    }
    case VCPUOP_register_vcpu_info: {
        Holding held(caller.domain.control);
        return register_info(caller, *target, argument);
    }
    case VCPUOP_up: return bring_up(*target);
    case VCPUOP_down: return take_down(caller, *target);
    case VCPUOP_is_up: return target->entity.is_down() ? 0 : 1;
    case VCPUOP_get_runstate_info:
        TRY_STATUS(argument.as<vcpu_runstate_info_t>().write(scheduler.runstate(target->entity)));
        return 0;
    case VCPUOP_register_runstate_memory_area: return register_runstate(caller, *target, argument);
    case VCPUOP_register_vcpu_time_memory_area: return register_time(*target, argument);
    case VCPUOP_set_periodic_timer: return own ? set_periodic(caller, *target, argument) : Error::invalid;
    case VCPUOP_stop_periodic_timer:
        if (!own) return Error::invalid;
        target->timers.stop_periodic();
        return 0;
    case VCPUOP_set_singleshot_timer: return own ? set_singleshot(caller, argument) : Error::invalid;
    case VCPUOP_stop_singleshot_timer:
        if (!own) return Error::invalid;
        target->timers.stop_singleshot();
        return 0;
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
    if (deadline == 0) {
        timers.stop_singleshot();
        return 0;
    }
    // A negative deadline is long past.
    (void)timers.set_singleshot(this_cpu(), now(), deadline < 0 ? 1 : static_cast<Nanoseconds>(deadline), false);
    return 0;
}

} // namespace skerry
