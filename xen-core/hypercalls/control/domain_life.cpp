// SPDX-License-Identifier: MIT
#include "hypercalls/control/control_calls.h"

#include <string.h>

namespace skerry {

Status create_domain(Caller& caller, xen_domctl_t& request) {
    TRY_STATUS(AuthorityCheck::platform(caller.domain, PlatformRight::create_domains));
    const xen_domctl_createdomain& wish = request.u.createdomain;
    constexpr uint32_t meaningless_for_pv = XEN_DOMCTL_CDF_oos_off | XEN_DOMCTL_CDF_xs_domain;
    if (wish.flags & ~meaningless_for_pv) return Error::invalid; // HVM, nested, vPMU, IOMMU: not there
    DomainConfig config;
    memcpy(config.handle, wish.handle, sizeof(config.handle));
    config.max_vcpus = wish.max_vcpus;
    config.max_event_port =
        wish.max_evtchn_port < EventTable::fifo_ports ? wish.max_evtchn_port : EventTable::fifo_ports - 1;
    if (wish.max_grant_frames >= 0) config.max_grant_frames = static_cast<uint32_t>(wish.max_grant_frames);
    if (wish.max_maptrack_frames >= 0) config.max_maptrack_frames = static_cast<uint32_t>(wish.max_maptrack_frames);
    uint32_t version = XEN_DOMCTL_GRANT_version(wish.grant_opts);
    if (version > 2) return Error::invalid;
    config.max_grant_version = static_cast<uint8_t>(version ? version : 2);
    DomId wanted(request.domain > 0 && request.domain < DomainTable::limit ? request.domain : DOMID_INVALID);
    DomainRef created = TRY(domain_table.create(wanted, config));
    Status mine = caller.domain.authority.set(TargetRight::control, created->id, true);
    if (mine.ok()) mine = caller.domain.authority.set(TargetRight::map_memory, created->id, true);
    if (!mine.ok()) {
        WorkBudget enough(WorkBudget::units_per_entry);
        caller.domain.authority.forget(created->id);
        (void)created->destroy(enough).ok(); // it has no memory and no vCPU yet: done at once
        return mine;
    }
    request.domain = created->id.value;
    return success;
}

Status destroy_domain(Caller& caller, Domain& target) {
    TRY(AuthorityCheck::control(caller.domain, target));
    if (target.is_first() || &target == &caller.domain) return Error::invalid;
    return target.destroy(caller.budget);
}

Status pause_domain(Caller& caller, Domain& target, bool pause) {
    TRY(AuthorityCheck::control(caller.domain, target));
    if (&target == &caller.domain || target.is_dying()) return Error::invalid;
    if (!pause && !target.is_paused_by_control()) return Error::invalid;
    if (pause && !target.may_be_paused_again()) return Error::overflow;
    pause ? target.pause() : target.unpause();
    return success;
}

Status resume_domain(Caller& caller, Domain& target) {
    TRY(AuthorityCheck::control(caller.domain, target));
    if (&target == &caller.domain || target.is_dying()) return Error::invalid;
    target.resume();
    return success;
}

Status seal_domain(Caller& caller, Domain& target) {
    if (&target == &caller.domain) return Error::invalid;
    TRY(AuthorityCheck::memory(caller.domain, target));
    if (target.account.mapped_by_others.load(std::memory_order_relaxed) > 0)
        return refuse(Error::busy, caller.domain.id, "seal of domain %u: its memory is still mapped by others",
                      target.id.value);
    target.is_sealed = true;
    return success;
}

Status describe_domain(Caller& caller, Domain& target, xen_domctl_getdomaininfo& info) {
    if (&target != &caller.domain && !caller.domain.authority.holds(PlatformRight::inspect))
        TRY(AuthorityCheck::control(caller.domain, target));
    info = {};
    info.domain = target.id.value;
    bool running = false, all_blocked = true;
    target.for_each_vcpu([&](Vcpu& vcpu) {
        info.max_vcpu_id = vcpu.id.value;
        info.cpu_time += scheduler.runstate(vcpu.entity).time[RUNSTATE_running];
        if (vcpu.entity.is_down()) return;
        ++info.nr_online_vcpus;
        running |= vcpu.entity.is_running();
        all_blocked &= vcpu.entity.is_blocked();
    });
    if (!target.vcpu(VcpuId(0))) info.max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
    info.flags = (target.is_dying() ? XEN_DOMINF_dying : 0u) | (target.is_shut_down() ? XEN_DOMINF_shutdown : 0u) |
                 (target.is_paused_by_control() ? XEN_DOMINF_paused : 0u) | (all_blocked ? XEN_DOMINF_blocked : 0u) |
                 (running ? XEN_DOMINF_running : 0u);
    if (target.is_shut_down())
        info.flags |= (target.shutdown_code() & XEN_DOMINF_shutdownmask) << XEN_DOMINF_shutdownshift;
    info.tot_pages = target.account.frames();
    info.max_pages = target.account.max_frames();
    info.shared_info_frame = target.shared() ? target.shared_info_frame().value : ~0ull;
    memcpy(info.handle, target.handle, sizeof(info.handle));
    info.gpaddr_bits = 52;
    return success;
}

} // namespace skerry
