// SPDX-License-Identifier: MIT
#include "lib/events.h"

#include "lib/guest.h"

namespace skerry::guest {

volatile unsigned upcalls;
volatile unsigned event_count[4096];
volatile unsigned event_vcpu[4096];

static vcpu_info_t& info() { return shared->vcpu_info[this_vcpu()]; }

void handle_events() {
    upcalls = upcalls + 1;
    __atomic_store_n(&info().evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
    unsigned long groups = __atomic_exchange_n(&info().evtchn_pending_sel, 0UL, __ATOMIC_SEQ_CST);
    for (; groups != 0; groups &= groups - 1) {
        const unsigned group = static_cast<unsigned>(__builtin_ctzl(groups));
        unsigned long ports =
            __atomic_load_n(&shared->evtchn_pending[group], __ATOMIC_SEQ_CST) & ~shared->evtchn_mask[group];
        for (; ports != 0; ports &= ports - 1) {
            const unsigned port = group * 64 + static_cast<unsigned>(__builtin_ctzl(ports));
            clear_port(port);
            event_vcpu[port] = static_cast<unsigned>(this_vcpu());
            event_count[port] = event_count[port] + 1; // last: this is what others wait for
        }
    }
}

void events_off() { __atomic_store_n(&info().evtchn_upcall_mask, 1, __ATOMIC_SEQ_CST); }
void events_on() {
    __atomic_store_n(&info().evtchn_upcall_mask, 0, __ATOMIC_SEQ_CST);
    if (info().evtchn_upcall_pending) xen_version(XENVER_version, nullptr); // any hypercall's return delivers
}
void mask_port(unsigned port) {
    __atomic_fetch_or(&shared->evtchn_mask[port / 64], 1UL << (port % 64), __ATOMIC_SEQ_CST);
}
void unmask_port(unsigned port) {
    evtchn_unmask call{port};
    event_op(EVTCHNOP_unmask, &call);
}
bool port_pending(unsigned port) {
    return (__atomic_load_n(&shared->evtchn_pending[port / 64], __ATOMIC_SEQ_CST) >> (port % 64) & 1) != 0;
}
void clear_port(unsigned port) {
    __atomic_fetch_and(&shared->evtchn_pending[port / 64], ~(1UL << (port % 64)), __ATOMIC_SEQ_CST);
}

long bind_ipi(unsigned vcpu) {
    evtchn_bind_ipi call{vcpu, 0};
    const long result = event_op(EVTCHNOP_bind_ipi, &call);
    return result < 0 ? result : call.port;
}
long bind_virq(unsigned virq, unsigned vcpu) {
    evtchn_bind_virq call{virq, vcpu, 0};
    const long result = event_op(EVTCHNOP_bind_virq, &call);
    return result < 0 ? result : call.port;
}
long alloc_unbound(unsigned dom, unsigned remote_dom) {
    evtchn_alloc_unbound call{static_cast<domid_t>(dom), static_cast<domid_t>(remote_dom), 0};
    const long result = event_op(EVTCHNOP_alloc_unbound, &call);
    return result < 0 ? result : call.port;
}
long bind_interdomain(unsigned remote_dom, unsigned remote_port) {
    evtchn_bind_interdomain call{static_cast<domid_t>(remote_dom), remote_port, 0};
    const long result = event_op(EVTCHNOP_bind_interdomain, &call);
    return result < 0 ? result : call.local_port;
}
long close_port(unsigned port) {
    evtchn_close call{port};
    return event_op(EVTCHNOP_close, &call);
}
long send(unsigned port) {
    evtchn_send call{port};
    return event_op(EVTCHNOP_send, &call);
}
long bind_loop(unsigned (&ports)[2]) {
    const long first = alloc_unbound(DOMID_SELF, DOMID_SELF);
    if (first < 0) return first;
    const long second = bind_interdomain(DOMID_SELF, static_cast<unsigned>(first));
    if (second < 0) return second;
    ports[0] = static_cast<unsigned>(first);
    ports[1] = static_cast<unsigned>(second);
    clear_port(ports[1]); // binding marks the port pending, in case a send was lost before
    return 0;
}

} // namespace skerry::guest
