// SPDX-License-Identifier: MIT
// event_channel_op: decodes EVTCHNOP_* for the caller's event table, or for that of a domain it builds
// (<xen/event_channel.h>).
#include "arch/x86_64/console.h"
#include "hypercalls/dispatch.h"
#include "hypercalls/handles.h"

namespace skerry {
namespace {

// A structure of the ABI, read from the guest and written back when the operation has filled it in.
template <typename T> struct Request : T {
    explicit Request(GuestHandle<void> argument) : handle(argument.as<T>()) {}
    Status read() { return handle.read(*this); }
    Status answer() const { return handle.write(*this); }
    GuestHandle<T> handle;
};

// The table of the domain that an operation names: the caller's, or one that it may control.
Result<DomainRef> owner_of(Caller& caller, domid_t number) {
    DomainRef domain = TRY(named_domain(caller, number));
    if (&*domain != &caller.domain) TRY(AuthorityCheck::control(caller.domain, *domain));
    return domain;
}

DomId resolve(Caller& caller, domid_t number) { return number == DOMID_SELF ? caller.domain.id : DomId(number); }

Status alloc_unbound(Caller& caller, GuestHandle<void> argument) {
    Request<evtchn_alloc_unbound_t> request(argument);
    TRY_STATUS(request.read());
    DomainRef domain = TRY(owner_of(caller, request.dom));
    request.port = TRY(domain->events.alloc_unbound(resolve(caller, request.remote_dom))).value;
    return request.answer();
}

Status bind_interdomain(Caller& caller, GuestHandle<void> argument) {
    Request<evtchn_bind_interdomain_t> request(argument);
    TRY_STATUS(request.read());
    DomainRef remote = TRY(named_domain(caller, request.remote_dom));
    request.local_port = TRY(caller.domain.events.bind_interdomain(remote->events, EvtPort(request.remote_port))).value;
    return request.answer();
}

Status bind_virq(Caller& caller, GuestHandle<void> argument) {
    Request<evtchn_bind_virq_t> request(argument);
    TRY_STATUS(request.read());
    request.port = TRY(caller.domain.events.bind_virq(request.virq, VcpuId(request.vcpu))).value;
    // Not before somebody listens: what is typed earlier waits in the UART for whoever comes to own it.
    if (request.virq == VIRQ_CONSOLE && caller.domain.is_first())
        enable_console_input([] { global_virqs.send(VIRQ_CONSOLE); });
    return request.answer();
}

Status bind_ipi(Caller& caller, GuestHandle<void> argument) {
    Request<evtchn_bind_ipi_t> request(argument);
    TRY_STATUS(request.read());
    request.port = TRY(caller.domain.events.bind_ipi(VcpuId(request.vcpu))).value;
    return request.answer();
}

Status bind_pirq(Caller& caller, GuestHandle<void> argument) {
    Request<evtchn_bind_pirq_t> request(argument);
    TRY_STATUS(request.read());
    request.port = TRY(caller.domain.events.bind_pirq(request.pirq, request.flags)).value;
    return request.answer();
}

Status status(Caller& caller, GuestHandle<void> argument) {
    Request<evtchn_status_t> request(argument);
    TRY_STATUS(request.read());
    DomainRef domain = TRY(owner_of(caller, request.dom));
    PortStatus port = TRY(domain->events.status(EvtPort(request.port)));
    request.vcpu = port.vcpu.value;
    switch (port.state) {
    case PortState::free:
    case PortState::reserved: request.status = EVTCHNSTAT_closed; break;
    case PortState::unbound:
        request.status = EVTCHNSTAT_unbound;
        request.u.unbound.dom = port.domain.value;
        break;
    case PortState::interdomain:
        request.status = EVTCHNSTAT_interdomain;
        request.u.interdomain.dom = port.domain.value;
        request.u.interdomain.port = port.number;
        break;
    case PortState::pirq:
        request.status = EVTCHNSTAT_pirq;
        request.u.pirq = port.number;
        break;
    case PortState::virq:
        request.status = EVTCHNSTAT_virq;
        request.u.virq = port.number;
        break;
    case PortState::ipi: request.status = EVTCHNSTAT_ipi; break;
    }
    return request.answer();
}

Status reset(Caller& caller, GuestHandle<void> argument) {
    evtchn_reset_t request;
    TRY_STATUS(argument.as<evtchn_reset_t>().read(request));
    DomainRef domain = TRY(owner_of(caller, request.dom));
    return domain->events.reset(caller.budget);
}

Status init_control(Caller& caller, GuestHandle<void> argument) {
    Request<evtchn_init_control_t> request(argument);
    TRY_STATUS(request.read());
    TRY_STATUS(caller.domain.events.init_control(request.control_gfn, request.offset, VcpuId(request.vcpu)));
    request.link_bits = EVTCHN_FIFO_LINK_BITS;
    return request.answer();
}

template <typename T, typename F> Status with(GuestHandle<void> argument, F&& operation) {
    T request;
    TRY_STATUS(argument.as<T>().read(request));
    return operation(request);
}

} // namespace

HypercallResult hypercall_event_channel_op(Caller& caller, uint32_t command, GuestHandle<void> argument) {
    EventTable& events = caller.domain.events;
    Status done = success;
    switch (command) {
    case EVTCHNOP_send:
        done = with<evtchn_send_t>(argument, [&](auto& op) { return events.send(EvtPort(op.port)); });
        break;
    case EVTCHNOP_unmask:
        done = with<evtchn_unmask_t>(argument, [&](auto& op) { return events.unmask(EvtPort(op.port)); });
        break;
    case EVTCHNOP_close:
        done = with<evtchn_close_t>(argument, [&](auto& op) { return events.close(EvtPort(op.port)); });
        break;
    case EVTCHNOP_bind_vcpu:
        done = with<evtchn_bind_vcpu_t>(argument,
                                        [&](auto& op) { return events.bind_vcpu(EvtPort(op.port), VcpuId(op.vcpu)); });
        break;
    case EVTCHNOP_expand_array:
        done = with<evtchn_expand_array_t>(argument, [&](auto& op) { return events.expand_array(op.array_gfn); });
        break;
    case EVTCHNOP_set_priority:
        done = with<evtchn_set_priority_t>(
            argument, [&](auto& op) { return events.set_priority(EvtPort(op.port), op.priority); });
        break;
    case EVTCHNOP_alloc_unbound: done = alloc_unbound(caller, argument); break;
    case EVTCHNOP_bind_interdomain: done = bind_interdomain(caller, argument); break;
    case EVTCHNOP_bind_virq: done = bind_virq(caller, argument); break;
    case EVTCHNOP_bind_ipi: done = bind_ipi(caller, argument); break;
    case EVTCHNOP_bind_pirq: done = bind_pirq(caller, argument); break;
    case EVTCHNOP_status: done = status(caller, argument); break;
    case EVTCHNOP_reset: done = reset(caller, argument); break;
    case EVTCHNOP_init_control: done = init_control(caller, argument); break;
    default: return Error::no_system_call;
    }
    TRY_STATUS(done);
    return 0;
}

// The form of interface versions before 3.2.2: the command stands in the structure.
HypercallResult hypercall_event_channel_op_compat(Caller& caller, GuestHandle<void> operation) {
    uint32_t command;
    TRY_STATUS(operation.as<uint32_t>().read(command));
    constexpr size_t union_offset = offsetof(evtchn_op_t, u);
    return hypercall_event_channel_op(caller, command, GuestHandle<void>(operation.address() + union_offset));
}

} // namespace skerry
