// SPDX-License-Identifier: MIT
// physdev_op: physical interrupt lines and I/O privilege (<xen/physdev.h>). xen-core keeps no list of PCI devices:
// announcing one is answered as by a hypervisor without that feature.
#include "arch/x86_64/interrupts.h"
#include "hypercalls/dispatch.h"
#include "hypercalls/handles.h"

namespace skerry {
namespace {

constexpr uint32_t max_io_ports = 65536;

Status map_pirq(Caller& caller, GuestHandle<void> argument) {
    auto handle = argument.as<physdev_map_pirq_t>();
    physdev_map_pirq_t request;
    TRY_STATUS(handle.read(request));
    DomainRef domain = TRY(named_domain(caller, request.domid));
    if (&*domain != &caller.domain) TRY(AuthorityCheck::control(caller.domain, *domain));
    if (request.type != MAP_PIRQ_TYPE_GSI)
        return Error::not_supported; // message-signalled interrupts: not yet routed to domains
    if (request.index < 0 || (request.pirq >= 0 && request.pirq != request.index)) return Error::invalid;
    TRY_STATUS(domain->pirqs.map(static_cast<uint32_t>(request.index)));
    request.pirq = request.index;
    return handle.write(request);
}

Status unmap_pirq(Caller& caller, GuestHandle<void> argument) {
    physdev_unmap_pirq_t request;
    TRY_STATUS(argument.as<physdev_unmap_pirq_t>().read(request));
    DomainRef domain = TRY(named_domain(caller, request.domid));
    if (&*domain != &caller.domain) TRY(AuthorityCheck::control(caller.domain, *domain));
    return domain->pirqs.unmap(static_cast<uint32_t>(request.pirq));
}

Status setup_gsi(Caller& caller, GuestHandle<void> argument) {
    physdev_setup_gsi_t request;
    TRY_STATUS(argument.as<physdev_setup_gsi_t>().read(request));
    uint32_t gsi = static_cast<uint32_t>(request.gsi);
    if (!caller.domain.interrupt_lines.contains(gsi)) return Error::not_permitted;
    return configure_line(gsi, {request.triggering ? Trigger::level : Trigger::edge,
                                request.polarity ? Polarity::active_low : Polarity::active_high});
}

Status irq_status(Caller& caller, GuestHandle<void> argument) {
    auto handle = argument.as<physdev_irq_status_query_t>();
    physdev_irq_status_query_t request;
    TRY_STATUS(handle.read(request));
    if (!caller.domain.pirqs.is_mapped(request.irq)) return Error::invalid;
    request.flags = line_needs_eoi(request.irq) ? XENIRQSTAT_needs_eoi : 0;
    return handle.write(request);
}

Status read_apic(Caller& caller, GuestHandle<void> argument) {
    TRY_STATUS(AuthorityCheck::platform(caller.domain, PlatformRight::hardware));
    auto handle = argument.as<physdev_apic_t>();
    physdev_apic_t request;
    TRY_STATUS(handle.read(request));
    if (!ioapic_read(MachAddr(request.apic_physbase), request.reg, request.value)) return Error::invalid;
    return handle.write(request);
}

// What is left of an old call: the "vector" of a line is its own number.
Status line_vector(Caller& caller, GuestHandle<void> argument) {
    auto handle = argument.as<physdev_irq>();
    physdev_irq request;
    TRY_STATUS(handle.read(request));
    if (!caller.domain.interrupt_lines.contains(request.irq) || request.irq >= interrupt_line_count())
        return Error::invalid;
    request.vector = request.irq;
    return handle.write(request);
}

Status end_of_line_interrupt(Caller& caller, GuestHandle<void> argument) {
    physdev_eoi_t request;
    TRY_STATUS(argument.as<physdev_eoi_t>().read(request));
    return caller.domain.pirqs.end_of_interrupt(request.irq);
}

Status set_iopl(Caller& caller, GuestHandle<void> argument) {
    physdev_set_iopl_t request;
    TRY_STATUS(argument.as<physdev_set_iopl_t>().read(request));
    if (request.iopl > 3) return Error::invalid;
    caller.vcpu.cpu.iopl = static_cast<uint8_t>(request.iopl);
    return success;
}

Status set_io_bitmap(Caller& caller, GuestHandle<void> argument) {
    physdev_set_iobitmap_t request;
    TRY_STATUS(argument.as<physdev_set_iobitmap_t>().read(request));
    if (request.nr_ports > max_io_ports) return Error::invalid;
    caller.vcpu.cpu.io_bitmap = handle_of<uint8_t>(request.bitmap).address().value;
    caller.vcpu.cpu.io_bitmap_ports = request.nr_ports;
    return success;
}

} // namespace

HypercallResult hypercall_physdev_op(Caller& caller, uint32_t command, GuestHandle<void> argument) {
    Status done = Error::no_system_call;
    switch (command) {
    case PHYSDEVOP_eoi: done = end_of_line_interrupt(caller, argument); break;
    case PHYSDEVOP_irq_status_query: done = irq_status(caller, argument); break;
    case PHYSDEVOP_set_iopl: done = set_iopl(caller, argument); break;
    case PHYSDEVOP_set_iobitmap: done = set_io_bitmap(caller, argument); break;
    case PHYSDEVOP_apic_read: done = read_apic(caller, argument); break;
    case PHYSDEVOP_alloc_irq_vector: done = line_vector(caller, argument); break;
    case PHYSDEVOP_map_pirq: done = map_pirq(caller, argument); break;
    case PHYSDEVOP_unmap_pirq: done = unmap_pirq(caller, argument); break;
    case PHYSDEVOP_setup_gsi: done = setup_gsi(caller, argument); break;
    default: break;
    }
    TRY_STATUS(done);
    return 0;
}

// The form of interface versions before 3.2.2: the command stands in the structure.
HypercallResult hypercall_physdev_op_compat(Caller& caller, GuestHandle<void> operation) {
    uint32_t command;
    TRY_STATUS(operation.as<uint32_t>().read(command));
    return hypercall_physdev_op(caller, command, GuestHandle<void>(operation.address() + offsetof(physdev_op_t, u)));
}

} // namespace skerry
