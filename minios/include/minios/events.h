// SPDX-License-Identifier: MIT
// Event channels. Handlers run between threads (when a thread yields, waits or the domain idles), never in the middle
// of one: no locking needed, and a handler must not wait. An event that has no handler is remembered until somebody
// waits for it. ABI: <xen/event_channel.h>, two-level form.
#pragma once

#include <minios/types.h>

#include <cstdint>

namespace minios::events {

using Handler = void (*)(Port port, void* context);

/// A new port, for `remote` to bind to. `owner` other than dom_self needs the right over that domain; the port is then
/// one of *its* ports.
Result<Port> allocate_unbound(DomId remote, DomId owner = dom_self);
/// A new port connected to `remote_port` of `remote`.
Result<Port> bind_interdomain(DomId remote, Port remote_port);
/// VIRQ_* on this vCPU.
Result<Port> bind_virtual_irq(unsigned virq);
/// A physical interrupt that was mapped with PHYSDEVOP_map_pirq; eoi() acknowledges it.
Result<Port> bind_physical_irq(unsigned pirq, bool shareable);
Result<void> eoi(unsigned pirq);
/// Unbinds and forgets handler and waiters.
void close(Port port);

/// Calls `handler` for each event on `port`; nullptr takes it away. The port starts unmasked.
void set_handler(Port port, Handler handler, void* context);
void mask(Port port);
void unmask(Port port);

/// Sends an event to the other end.
Result<void> notify(Port port);

/// Blocks the calling thread until an event arrives on `port` or system time `deadline_ns` passes (0: never).
/// True if an event came. Ports with a handler cannot be waited for.
bool wait(Port port, std::uint64_t deadline_ns = 0);

/// Runs the handlers of everything pending now; for threads that compute for long.
void dispatch();

} // namespace minios::events
