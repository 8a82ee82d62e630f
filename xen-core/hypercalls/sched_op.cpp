// SPDX-License-Identifier: MIT
// sched_op: giving up the CPU, waiting, and ending the domain (<xen/sched.h>).
#include "arch/x86_64/time.h"
#include "hypercalls/dispatch.h"

namespace skerry {
namespace {

constexpr uint32_t max_polled_ports = 128;
constexpr Nanoseconds nanoseconds_per_second = 1'000'000'000;

HypercallResult block(Caller& caller) {
    Vcpu& vcpu = caller.vcpu;
    vcpu.cpu.vcpu_info->evtchn_upcall_mask = 0;
    (void)scheduler.block(vcpu.entity, [&] { return vcpu.has_something_to_deliver(); });
    return 0;
}

// Is one of the guest's ports pending? Errors: invalid (no such port), bad_address.
Result<bool> any_pending(Caller& caller, const sched_poll_t& request, uint32_t& single_port) {
    GuestHandle<evtchn_port_t> ports = handle_of<evtchn_port_t>(request.ports);
    for (uint32_t i = 0; i < request.nr_ports; ++i) {
        evtchn_port_t port;
        TRY(ports.read(port, i));
        if (!caller.domain.events.is_valid(EvtPort(port))) return Error::invalid;
        if (caller.domain.events.is_pending(EvtPort(port))) return true;
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
        caller.domain.events.begin_poll();
    Result<bool> pending = any_pending(caller, request, port);
    if (!pending.ok() || pending.value()) {
        vcpu.end_poll();
        return pending.error();
    }
    // The guest's list was read; what may have changed since is only whether a poller was woken, and whether there is
    // an event to deliver that came before the registration.
    bool blocked = scheduler.block(vcpu.entity, [&] {
        return vcpu.polled_port.load(std::memory_order_seq_cst) != wanted || vcpu.has_something_to_deliver();
    });
    if (blocked && request.timeout) vcpu.timers.set_poll_timeout(this_cpu(), request.timeout);
    return success;
}

// What a reason means is between the domain and who controls it; as on Xen it has eight bits.
Status shut_down(Caller& caller, const sched_shutdown_t& request) {
    caller.domain.shut_down(static_cast<uint8_t>(request.reason));
    return success;
}

Status announce_shutdown_code(Caller& caller, const sched_shutdown_t& request) {
    return caller.domain.announce_shutdown_code(static_cast<uint8_t>(request.reason)) ? success
                                                                                      : Status(Error::invalid);
}

Status remote_shutdown(Caller& caller, const sched_remote_shutdown_t& request) {
    DomainRef domain = TRY(domain_table.find(DomId(request.domain_id)));
    TRY(AuthorityCheck::control(caller.domain, *domain));
    Holding held(domain->control); // its vCPUs stay
    domain->shut_down(static_cast<uint8_t>(request.reason));
    return success;
}

// Watchdogs are numbered from 1 on; 0 asks for a new one, whose number is the answer.
HypercallResult watchdog(Caller& caller, const sched_watchdog_t& request) {
    Nanoseconds timeout = request.timeout * nanoseconds_per_second;
    if (request.id ? !caller.domain.has_watchdog(request.id - 1) : !timeout) return Error::invalid;
    if (request.id) return caller.domain.set_watchdog(request.id - 1, timeout);
    unsigned slot = TRY(caller.domain.free_watchdog());
    TRY(caller.domain.set_watchdog(slot, timeout));
    return slot + 1;
}

} // namespace

HypercallResult hypercall_sched_op(Caller& caller, uint32_t command, GuestHandle<void> argument) {
    switch (command) {
    case SCHEDOP_yield: scheduler.yield(caller.vcpu.entity); return 0;
    case SCHEDOP_block: return block(caller);
    case SCHEDOP_poll: return perform<poll>(argument, caller);
    case SCHEDOP_shutdown: return perform<shut_down>(argument, caller);
    case SCHEDOP_shutdown_code: return perform<announce_shutdown_code>(argument, caller);
    case SCHEDOP_remote_shutdown: return perform<remote_shutdown>(argument, caller);
    case SCHEDOP_watchdog: return perform<watchdog>(argument, caller);
    case SCHEDOP_pin_override: // for the hardware domain's firmware calls
    default: return Error::no_system_call;
    }
}

// The form of interface versions before 3.1.1: the argument itself instead of a structure.
HypercallResult hypercall_sched_op_compat(Caller& caller, int32_t operation, uint64_t argument) {
    switch (operation) {
    case SCHEDOP_yield: scheduler.yield(caller.vcpu.entity); return 0;
    case SCHEDOP_block: return block(caller);
    case SCHEDOP_shutdown: return shut_down(caller, {.reason = static_cast<uint32_t>(argument)});
    default: return Error::no_system_call;
    }
}

} // namespace skerry
