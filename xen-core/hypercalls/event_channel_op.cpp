// SPDX-License-Identifier: MIT
// event_channel_op: decodes EVTCHNOP_* for the caller's event table, or for that of a domain it builds
// (<xen/event_channel.h>).
#include "arch/x86_64/console.h"
#include "hypercalls/dispatch.h"

namespace skerry {
namespace {

// --- on channels of the caller's own ---

Status send(EventTable& events, const evtchn_send_t& request) { return events.send(EvtPort(request.port)); }
Status unmask(EventTable& events, const evtchn_unmask_t& request) { return events.unmask(EvtPort(request.port)); }
Status close(EventTable& events, const evtchn_close_t& request) { return events.close(EvtPort(request.port)); }
Status bind_vcpu(EventTable& events, const evtchn_bind_vcpu_t& request) {
    return events.bind_vcpu(EvtPort(request.port), VcpuId(request.vcpu));
}
Status expand_array(EventTable& events, const evtchn_expand_array_t& request) {
    return events.expand_array(request.array_gfn);
}
Status set_priority(EventTable& events, const evtchn_set_priority_t& request) {
    return events.set_priority(EvtPort(request.port), request.priority);
}

Status bind_ipi(EventTable& events, evtchn_bind_ipi_t& request) {
    request.port = TRY(events.bind_ipi(VcpuId(request.vcpu))).value;
    return success;
}

Status bind_pirq(EventTable& events, evtchn_bind_pirq_t& request) {
    request.port = TRY(events.bind_pirq(request.pirq)).value;
    return success;
}

Status bind_virq(Caller& caller, evtchn_bind_virq_t& request) {
    request.port = TRY(caller.domain().events.bind_virq(request.virq, VcpuId(request.vcpu))).value;
    // Not before somebody listens: what is typed earlier waits in the UART for whoever comes to own it.
    if (request.virq == VIRQ_CONSOLE && caller.domain().is_first())
        enable_console_input([] { global_virqs.send(VIRQ_CONSOLE); });
    if (request.virq == VIRQ_CON_RING) announce_output();
    return success;
}

Status init_control(EventTable& events, evtchn_init_control_t& request) {
    TRY(events.init_control(request.control_gfn, request.offset, VcpuId(request.vcpu)));
    request.link_bits = EVTCHN_FIFO_LINK_BITS;
    return success;
}

// --- on those of a domain that it names ---

Status bind_interdomain(Caller& caller, evtchn_bind_interdomain_t& request) {
    DomainRef peer = TRY(named_domain(caller, request.remote_dom));
    request.local_port = TRY(caller.domain().events.bind_interdomain(peer->events, EvtPort(request.remote_port))).value;
    return success;
}

Status alloc_unbound(Caller& caller, evtchn_alloc_unbound_t& request) {
    DomainRef domain = TRY(controlled_domain(caller, request.dom));
    DomId remote = request.remote_dom == DOMID_SELF ? caller.domain().id : DomId(request.remote_dom);
    request.port = TRY(domain->events.alloc_unbound(remote)).value;
    return success;
}

Status status(Caller& caller, evtchn_status_t& request) {
    return TRY(controlled_domain(caller, request.dom))->events.describe(EvtPort(request.port), request);
}

Status reset(Caller& caller, const evtchn_reset_t& request) {
    return TRY(controlled_domain(caller, request.dom))->events.reset(caller.budget);
}

[[gnu::noinline]] HypercallResult other_than_send(Caller& caller, uint32_t command, GuestHandle<void> argument) {
    EventTable& events = caller.domain().events;
    switch (command) {
    case EVTCHNOP_unmask: return perform<unmask>(argument, events);
    case EVTCHNOP_close: return perform<close>(argument, events);
    case EVTCHNOP_bind_vcpu: return perform<bind_vcpu>(argument, events);
    case EVTCHNOP_expand_array: return perform<expand_array>(argument, events);
    case EVTCHNOP_set_priority: return perform<set_priority>(argument, events);
    case EVTCHNOP_bind_ipi: return perform<bind_ipi>(argument, events);
    case EVTCHNOP_bind_pirq: return perform<bind_pirq>(argument, events);
    case EVTCHNOP_bind_virq: return perform<bind_virq>(argument, caller);
    case EVTCHNOP_init_control: return perform<init_control>(argument, events);
    case EVTCHNOP_bind_interdomain: return perform<bind_interdomain>(argument, caller);
    case EVTCHNOP_alloc_unbound: return perform<alloc_unbound>(argument, caller);
    case EVTCHNOP_status: return perform<status>(argument, caller);
    case EVTCHNOP_reset: return perform<reset>(argument, caller);
    default: return Error::no_system_call;
    }
}

} // namespace

// What guests do all the time does not save the registers that the others need.
HypercallResult hypercall_event_channel_op(Caller& caller, uint32_t command, GuestHandle<void> argument) {
    return LIKELY(command == EVTCHNOP_send) ? perform<send>(argument, caller.domain().events)
                                            : other_than_send(caller, command, argument);
}

// The form of interface versions before 3.2.2: the command stands in the structure.
HypercallResult hypercall_event_channel_op_compat(Caller& caller, GuestHandle<void> call) {
    uint32_t command;
    TRY(call.as<uint32_t>().read(command));
    return hypercall_event_channel_op(caller, command, GuestHandle<void>(call.address() + offsetof(evtchn_op_t, u)));
}

} // namespace skerry
