// SPDX-License-Identifier: MIT
#include "hypercalls/control/control_calls.h"

#include <algorithm>

namespace skerry {
namespace {

Result<Vcpu*> vcpu_of_domain(Domain& target, uint32_t number) {
    Vcpu* vcpu = target.vcpu(VcpuId(number));
    if (!vcpu) return Error::no_such_domain;
    return vcpu;
}

// xenctl_bitmap: bytes, least significant first, as many as nr_bits needs.
Result<Affinity> read_affinity(const xenctl_bitmap& bitmap) {
    uint8_t bytes[max_cpus / 8] = {};
    uint32_t bits = std::min(bitmap.nr_bits, max_cpus);
    TRY(handle_of<uint8_t>(bitmap.bitmap).read_array(bytes, (bits + 7) / 8));
    if (bits % 8) bytes[bits / 8] &= static_cast<uint8_t>((1u << (bits % 8)) - 1);
    Affinity set;
    for (uint32_t i = 0; i < sizeof(bytes); ++i) set.set_byte(i, bytes[i]);
    return set;
}

Status write_affinity(const xenctl_bitmap& bitmap, const Affinity& set) {
    constexpr uint32_t most_bits = page_size * 8; // a bound for what is all zeros
    if (bitmap.nr_bits > most_bits) return Error::too_big;
    for (uint32_t i = 0; i < (bitmap.nr_bits + 7) / 8; ++i)
        TRY(handle_of<uint8_t>(bitmap.bitmap).write(i < max_cpus / 8 ? set.byte(i) : 0, i));
    return success;
}

Affinity online() {
    Affinity set;
    online_cpus.for_each([&](CpuId cpu) { set.add(cpu); });
    return set;
}

} // namespace

// createdomain fixed the number; here the vCPUs come into being.
Status set_max_vcpus(Domain& target, const xen_domctl_max_vcpus& request) {
    if (request.max != target.max_vcpus() || target.is_dying()) return Error::invalid;
    for (uint32_t number = 0; number < request.max; ++number)
        if (!target.vcpu(VcpuId(number))) TRY(target.create_vcpu(VcpuId(number)));
    return success;
}

Status set_vcpu_context(Caller& caller, Domain& target, const xen_domctl_vcpucontext& request) {
    if (&target == &caller.domain || target.is_dying()) return Error::invalid;
    Vcpu* vcpu = TRY(vcpu_of_domain(target, request.vcpu));
    if (!target.is_paused_by_control() || vcpu->entity.is_on_cpu()) return Error::busy;
    auto context = TRY(CoreBox<vcpu_guest_context_t>::create(caller.domain.account));
    TRY(handle_of<vcpu_guest_context_t>(request.ctxt).read(*context));
    TRY(initialise_vcpu(*vcpu, *context, caller.budget));
    if (context->flags & VGCF_online) (void)scheduler.bring_up(vcpu->entity);
    return success;
}

Status get_vcpu_context(Caller& caller, Domain& target, const xen_domctl_vcpucontext& request) {
    if (&target == &caller.domain) return Error::invalid;
    Vcpu* vcpu = TRY(vcpu_of_domain(target, request.vcpu));
    if (!vcpu->is_initialised) return Error::no_data;
    auto context = TRY(CoreBox<vcpu_guest_context_t>::create(caller.domain.account));
    scheduler.pause(vcpu->entity);
    bool is_saved = !vcpu->entity.is_on_cpu();
    if (is_saved) describe_vcpu(*vcpu, *context);
    scheduler.unpause(vcpu->entity);
    if (!is_saved) return Error::restart;
    return handle_of<vcpu_guest_context_t>(request.ctxt).write(*context);
}

Status get_vcpu_info(Domain& target, xen_domctl_getvcpuinfo& request) {
    Vcpu* vcpu = TRY(vcpu_of_domain(target, request.vcpu));
    request.online = !vcpu->entity.is_down();
    request.blocked = vcpu->entity.is_blocked();
    request.running = vcpu->entity.is_running();
    request.cpu_time = scheduler.runstate(vcpu->entity).time[RUNSTATE_running];
    request.cpu = vcpu->entity.home().value;
    return success;
}

Status affinity(Domain& target, const xen_domctl_vcpuaffinity& request, bool sets) {
    Vcpu* vcpu = TRY(vcpu_of_domain(target, request.vcpu));
    bool hard_asked = request.flags & XEN_VCPUAFFINITY_HARD, soft_asked = request.flags & XEN_VCPUAFFINITY_SOFT;
    Affinity hard = scheduler.hard_affinity(vcpu->entity), soft = scheduler.soft_affinity(vcpu->entity);
    if (sets) {
        if (hard_asked) hard = TRY(read_affinity(request.cpumap_hard));
        if (soft_asked) soft = TRY(read_affinity(request.cpumap_soft));
        TRY(scheduler.set_affinity(vcpu->entity, hard, soft));
        hard = hard & online();
        soft = soft & hard;
    }
    if (hard_asked) TRY(write_affinity(request.cpumap_hard, hard));
    if (soft_asked) TRY(write_affinity(request.cpumap_soft, soft));
    return success;
}

// The scheduler has the parameters of Xen's credit schedulers: weight and cap; credit2's are the same two.
Status schedule_domain(Domain& target, xen_domctl_scheduler_op& request) {
    if (request.sched_id != XEN_SCHEDULER_CREDIT && request.sched_id != XEN_SCHEDULER_CREDIT2) return Error::invalid;
    static_assert(sizeof(request.u.credit) == sizeof(request.u.credit2));
    if (request.cmd == XEN_DOMCTL_SCHEDOP_getinfo) {
        request.u.credit.weight = static_cast<uint16_t>(target.sched_group.weight());
        request.u.credit.cap = static_cast<uint16_t>(target.sched_group.cap());
        return success;
    }
    if (request.cmd != XEN_DOMCTL_SCHEDOP_putinfo) return Error::invalid;
    // Zero weight and all-ones cap mean: leave as it is.
    uint32_t weight = request.u.credit.weight ? request.u.credit.weight : target.sched_group.weight();
    uint32_t cap = request.u.credit.cap != UINT16_MAX ? request.u.credit.cap : target.sched_group.cap();
    TRY(target.sched_group.set(weight, cap));
    target.for_each_vcpu([](Vcpu& vcpu) { scheduler.reconsider(vcpu.entity); });
    return success;
}

} // namespace skerry
