// SPDX-License-Identifier: MIT
// domctl: building, running, inspecting and ending domains (<xen/domctl.h>). Decoding only; the operations stand
// beside.
#include "hypercalls/control/control_calls.h"
#include "hypercalls/control/extensions.h"
#include "hypercalls/dispatch.h"

#include <string.h>

namespace skerry {
namespace {

// Of a domain's properties, those that a PV domain has only one value of.
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

// Operations on a domain that exists. `answers` becomes true when request.u has to go back to the caller.
Status operate(Caller& caller, Domain& target, xen_domctl_t& request, bool& answers) {
    switch (request.cmd) {
    case XEN_DOMCTL_destroydomain: return destroy_domain(caller, target);
    case XEN_DOMCTL_pausedomain: return pause_domain(caller, target, true);
    case XEN_DOMCTL_unpausedomain: return pause_domain(caller, target, false);
    case XEN_DOMCTL_resumedomain: return resume_domain(caller, target);
    case domctl_seal: return seal_domain(caller, target);
    case domctl_set_right: return set_right(caller, target, request);
    case XEN_DOMCTL_max_vcpus: return set_max_vcpus(caller, target, request.u.max_vcpus);
    case XEN_DOMCTL_setvcpucontext: return set_vcpu_context(caller, target, request.u.vcpucontext);
    case XEN_DOMCTL_getvcpucontext: return get_vcpu_context(caller, target, request.u.vcpucontext);
    case XEN_DOMCTL_max_mem: return set_max_memory(caller, target, request.u.max_mem);
    case XEN_DOMCTL_hypercall_init: return write_hypercall_page(caller, target, request.u.hypercall_init);
    case XEN_DOMCTL_ioport_permission: return permit_io_ports(caller, target, request.u.ioport_permission);
    case XEN_DOMCTL_irq_permission: return permit_interrupt(caller, target, request.u.irq_permission);
    case XEN_DOMCTL_iomem_permission: return permit_io_memory(caller, target, request.u.iomem_permission);
    case XEN_DOMCTL_settimeoffset: return set_time_offset(caller, target, request.u.settimeoffset);
    case XEN_DOMCTL_set_virq_handler: return set_virq_handler(caller, target, request.u.set_virq_handler);
    case XEN_DOMCTL_setdomainhandle:
        TRY(AuthorityCheck::control(caller.domain, target));
        memcpy(target.handle, request.u.setdomainhandle.handle, sizeof(target.handle));
        return success;
    default: break;
    }
    answers = true;
    switch (request.cmd) {
    case XEN_DOMCTL_getdomaininfo: return describe_domain(caller, target, request.u.getdomaininfo);
    case XEN_DOMCTL_getvcpuinfo: return get_vcpu_info(caller, target, request.u.getvcpuinfo);
    case XEN_DOMCTL_setvcpuaffinity: return set_affinity(caller, target, request.u.vcpuaffinity);
    case XEN_DOMCTL_getvcpuaffinity: return get_affinity(caller, target, request.u.vcpuaffinity);
    case XEN_DOMCTL_scheduler_op: return schedule_domain(caller, target, request.u.scheduler_op);
    case XEN_DOMCTL_getpageframeinfo3: return describe_frames(caller, target, request.u.getpageframeinfo3);
    default: TRY(AuthorityCheck::control(caller.domain, target)); return fixed_property(request);
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

HypercallResult hypercall_domctl(Caller& caller, GuestHandle<xen_domctl_t> operation) {
    xen_domctl_t request;
    TRY_STATUS(operation.read(request));
    if (request.interface_version != XEN_DOMCTL_INTERFACE_VERSION) return Error::access_denied;
    if (request.cmd == XEN_DOMCTL_createdomain) {
        TRY_STATUS(create_domain(caller, request));
        TRY_STATUS(operation.write(request));
        return 0;
    }
    bool answers = false;
    {
        // The walk through all domains is not for whoever likes to keep the machine busy.
        if (caller.domain.authority.holds(PlatformRight::create_domains) ||
            caller.domain.authority.holds(PlatformRight::inspect))
            domain_table.reap();
        DomainRef target = TRY(target_of(request, caller));
        Holding held(target->control);
        TRY_STATUS(operate(caller, *target, request, answers));
        request.domain = target->id.value;
    }
    if (answers) TRY_STATUS(operation.write(request));
    return 0;
}

} // namespace skerry
