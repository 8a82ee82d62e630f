// SPDX-License-Identifier: MIT
// domctl: building, running, inspecting and ending domains (<xen/domctl.h>). The list of operations with the right that
// each needs, and what concerns a domain's life; the other operations stand beside, by subject.
#include "hypercalls/control/control_calls.h"
#include "hypercalls/control/extensions.h"
#include "hypercalls/dispatch.h"

#include <algorithm>
#include <string.h>

namespace skerry {
namespace {

// --- create, run, end ---

Status create_domain(Caller& caller, xen_domctl_t& request) {
    TRY_STATUS(AuthorityCheck::platform(caller.domain, PlatformRight::create_domains));
    const xen_domctl_createdomain& wish = request.u.createdomain;
    constexpr uint32_t meaningless_for_pv = XEN_DOMCTL_CDF_oos_off | XEN_DOMCTL_CDF_xs_domain;
    if (wish.flags & ~meaningless_for_pv) return Error::invalid; // HVM, nested, vPMU, IOMMU: not there
    DomainConfig config;
    memcpy(config.handle, wish.handle, sizeof(config.handle));
    config.max_vcpus = wish.max_vcpus;
    config.max_event_port = std::min(wish.max_evtchn_port, EventTable::fifo_ports - 1);
    if (wish.max_grant_frames >= 0) config.max_grant_frames = static_cast<uint32_t>(wish.max_grant_frames);
    if (wish.max_maptrack_frames >= 0) config.max_maptrack_frames = static_cast<uint32_t>(wish.max_maptrack_frames);
    uint32_t version = XEN_DOMCTL_GRANT_version(wish.grant_opts);
    if (version > 2) return Error::invalid;
    if (version) config.max_grant_version = static_cast<uint8_t>(version);
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
    if (target.is_first() || &target == &caller.domain) return Error::invalid;
    return target.destroy(caller.budget);
}

Status pause_domain(Caller& caller, Domain& target) {
    if (&target == &caller.domain || target.is_dying()) return Error::invalid;
    if (!target.may_be_paused_again()) return Error::overflow;
    target.pause();
    return success;
}

Status unpause_domain(Caller& caller, Domain& target) {
    if (&target == &caller.domain || target.is_dying() || !target.is_paused_by_control()) return Error::invalid;
    target.unpause();
    return success;
}

Status resume_domain(Caller& caller, Domain& target) {
    if (&target == &caller.domain || target.is_dying()) return Error::invalid;
    target.resume();
    return success;
}

Status seal_domain(Caller& caller, Domain& target) {
    if (&target == &caller.domain) return Error::invalid;
    if (target.account.mapped_by_others.load(std::memory_order_relaxed) > 0) {
        log_refusal(caller.domain.id, "seal of domain %u: its memory is still mapped by others", target.id.value);
        return Error::busy;
    }
    target.is_sealed = true;
    return success;
}

// --- properties ---

Status set_max_memory(Domain& target, const xen_domctl_max_mem& request) {
    target.account.set_max_frames(request.max_memkb >> (page_shift - 10));
    return success;
}

Status set_time_offset(Domain& target, const xen_domctl_settimeoffset& request) {
    if (target.is_dying()) return Error::invalid;
    target.wall_clock_offset = request.time_offset_seconds;
    target.publish_wall_clock();
    return success;
}

Status set_handle(Domain& target, const xen_domctl_setdomainhandle& request) {
    memcpy(target.handle, request.handle, sizeof(target.handle));
    return success;
}

// Those that a PV domain has only one value of.
Status fixed_property(xen_domctl_t& request) {
    constexpr uint32_t guest_word_bits = 64;
    switch (request.cmd) {
    case XEN_DOMCTL_set_address_size:
        return request.u.address_size.size == guest_word_bits ? success : Status(Error::invalid);
    case XEN_DOMCTL_get_address_size: request.u.address_size.size = guest_word_bits; return success;
    case XEN_DOMCTL_settscinfo: // the TSC is the hardware's own, never emulated (mode 0, the default, and 2)
        return request.u.tsc_info.tsc_mode == 0 || request.u.tsc_info.tsc_mode == 2 ? success
                                                                                    : Status(Error::not_supported);
    default: return Error::no_system_call;
    }
}

// --- the list ---

// The domain that an operation names, for a caller with the right that the operation needs. Errors: not_permitted; of
// to_reach also no_such_domain.
struct Target {
    Caller& caller;
    Domain& domain;

    Result<Domain*> to_control() const {
        TRY(AuthorityCheck::control(caller.domain, domain));
        return &domain;
    }
    // Its memory.
    Result<Domain*> to_reach() const {
        TRY(AuthorityCheck::memory(caller.domain, domain));
        return &domain;
    }
    // With rights and hardware.
    Result<Domain*> to_equip() const {
        TRY_STATUS(AuthorityCheck::platform(caller.domain, PlatformRight::grant_rights));
        return &domain;
    }
    Result<Domain*> to_inspect() const {
        return caller.domain.authority.holds(PlatformRight::inspect) ? Result(&domain) : to_control();
    }
};

// Operations on a domain that exists. `answers` becomes true when request.u has to go back to the caller.
Status operate(Caller& caller, const Target& target, xen_domctl_t& request, bool& answers) {
    auto& u = request.u;
    switch (request.cmd) {
    case XEN_DOMCTL_destroydomain: return destroy_domain(caller, *TRY(target.to_control()));
    case XEN_DOMCTL_pausedomain: return pause_domain(caller, *TRY(target.to_control()));
    case XEN_DOMCTL_unpausedomain: return unpause_domain(caller, *TRY(target.to_control()));
    case XEN_DOMCTL_resumedomain: return resume_domain(caller, *TRY(target.to_control()));
    case XEN_DOMCTL_max_vcpus: return set_max_vcpus(*TRY(target.to_control()), u.max_vcpus);
    case XEN_DOMCTL_max_mem: return set_max_memory(*TRY(target.to_control()), u.max_mem);
    case XEN_DOMCTL_settimeoffset: return set_time_offset(*TRY(target.to_control()), u.settimeoffset);
    case XEN_DOMCTL_setdomainhandle: return set_handle(*TRY(target.to_control()), u.setdomainhandle);
    case domctl_seal: return seal_domain(caller, *TRY(target.to_reach()));
    case XEN_DOMCTL_setvcpucontext: return set_vcpu_context(caller, *TRY(target.to_reach()), u.vcpucontext);
    case XEN_DOMCTL_getvcpucontext: return get_vcpu_context(caller, *TRY(target.to_reach()), u.vcpucontext);
    case XEN_DOMCTL_hypercall_init: return write_hypercall_page(*TRY(target.to_reach()), u.hypercall_init);
    case XEN_DOMCTL_ioport_permission: return permit_io_ports(caller, *TRY(target.to_equip()), u.ioport_permission);
    case XEN_DOMCTL_irq_permission: return permit_interrupt(caller, *TRY(target.to_equip()), u.irq_permission);
    case XEN_DOMCTL_iomem_permission: return permit_io_memory(caller, *TRY(target.to_equip()), u.iomem_permission);
    case XEN_DOMCTL_set_virq_handler:
        return global_virqs.set_handler(u.set_virq_handler.virq, &TRY(target.to_equip())->events);
    case domctl_set_right: return set_right(caller, *TRY(target.to_equip()), request);
    default: break;
    }
    answers = true;
    switch (request.cmd) {
    case XEN_DOMCTL_getdomaininfo:
        if (&target.domain != &caller.domain) TRY(target.to_inspect());
        describe_domain(target.domain, u.getdomaininfo);
        return success;
    case XEN_DOMCTL_getvcpuinfo: return get_vcpu_info(*TRY(target.to_inspect()), u.getvcpuinfo);
    case XEN_DOMCTL_getvcpuaffinity: return get_affinity(*TRY(target.to_inspect()), u.vcpuaffinity);
    case XEN_DOMCTL_setvcpuaffinity: return set_affinity(*TRY(target.to_control()), u.vcpuaffinity);
    case XEN_DOMCTL_scheduler_op: {
        bool looks = u.scheduler_op.cmd == XEN_DOMCTL_SCHEDOP_getinfo;
        return schedule_domain(*TRY(looks ? target.to_inspect() : target.to_control()), u.scheduler_op);
    }
    case XEN_DOMCTL_getpageframeinfo3: return describe_frames(*TRY(target.to_reach()), u.getpageframeinfo3);
    default: TRY(target.to_control()); return fixed_property(request);
    }
}

// getdomaininfo answers for the first domain at or after the number that was asked for.
Result<DomainRef> target_of(const xen_domctl_t& request, Caller& caller) {
    if (request.cmd != XEN_DOMCTL_getdomaininfo) return named_domain(caller, request.domain);
    DomainRef found = domain_table.next_from(request.domain);
    if (!found) return Error::no_such_domain;
    return found;
}

} // namespace

void describe_domain(Domain& target, xen_domctl_getdomaininfo& info) {
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
}

HypercallResult hypercall_domctl(Caller& caller, GuestHandle<xen_domctl_t> operation) {
    xen_domctl_t request;
    TRY_STATUS(operation.read(request));
    if (request.interface_version != XEN_DOMCTL_INTERFACE_VERSION) return Error::access_denied;
    bool answers = false;
    if (request.cmd == XEN_DOMCTL_createdomain) {
        TRY_STATUS(create_domain(caller, request));
        answers = true;
    } else {
        // The walk through all domains is not for whoever likes to keep the machine busy.
        const Authority& held = caller.domain.authority;
        if (held.holds(PlatformRight::create_domains) || held.holds(PlatformRight::inspect)) domain_table.reap();
        DomainRef target = TRY(target_of(request, caller));
        Holding holding(target->control);
        TRY_STATUS(operate(caller, {caller, *target}, request, answers));
        request.domain = target->id.value;
    }
    return answers ? operation.write(request) : success;
}

} // namespace skerry
