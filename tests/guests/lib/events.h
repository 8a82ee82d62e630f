// SPDX-License-Identifier: MIT
// Two-level event channels as the tiny guests use them: handlers count, cases look. ABI: xen/event_channel.h,
// xen/xen.h.
#pragma once
#include "lib/hypercall.h"

namespace skerry::guest {

extern volatile unsigned upcalls;           // entries to the event callback, any vCPU
extern volatile unsigned event_count[4096]; // deliveries by port
extern volatile unsigned event_vcpu[4096];  // the vCPU of the last delivery by port

void handle_events(); // the callback's body: takes pending events of this vCPU, acknowledges, counts

// Events on or off for the calling vCPU; events_on() takes what is pending.
void events_off();
void events_on();
void mask_port(unsigned port);
void unmask_port(unsigned port); // by the hypercall, which delivers what is pending
bool port_pending(unsigned port);
void clear_port(unsigned port);

// Ports; each returns a port or a negative error.
long bind_ipi(unsigned vcpu);
long bind_virq(unsigned virq, unsigned vcpu);
long alloc_unbound(unsigned dom, unsigned remote_dom);
long bind_interdomain(unsigned remote_dom, unsigned remote_port);
long close_port(unsigned port);
long send(unsigned port);
long bind_loop(unsigned (&ports)[2]); // two ports of this domain joined to each other: 0 or an error

} // namespace skerry::guest
