// SPDX-License-Identifier: MIT
#include "domain/pirqs.h"

#include "domain/domain.h"

namespace skerry {

Status DomainPirqs::map(uint32_t gsi) {
    if (gsi >= limit || gsi >= interrupt_line_count()) return Error::invalid;
    if (!domain_.interrupt_lines.contains(gsi))
        return refuse(Error::not_permitted, domain_.id, "no right to interrupt line %u", gsi);
    mapped_[gsi / 64] |= uint64_t{1} << (gsi % 64);
    return success;
}

Status DomainPirqs::unmap(uint32_t gsi) {
    if (!is_mapped(gsi)) return Error::invalid;
    if (ports_[gsi].load(std::memory_order_relaxed)) return Error::busy;
    mapped_[gsi / 64] &= ~(uint64_t{1} << (gsi % 64));
    return success;
}

Status DomainPirqs::end_of_interrupt(uint32_t pirq) {
    if (!is_mapped(pirq) || !ports_[pirq].load(std::memory_order_relaxed)) return Error::invalid;
    skerry::end_of_interrupt(pirq);
    return success;
}

void DomainPirqs::end_of_interrupts() {
    for (uint32_t pirq = 0; pirq < interrupt_line_count(); ++pirq) {
        EvtPort port(ports_[pirq].load(std::memory_order_relaxed));
        if (port.value && !domain_.events.is_masked(port)) skerry::end_of_interrupt(pirq);
    }
}

Status DomainPirqs::bind(uint32_t pirq, EvtPort port) {
    if (pirq >= limit || port.value > UINT16_MAX) return Error::invalid;
    if (!is_mapped(pirq) || !domain_.interrupt_lines.contains(pirq)) return Error::not_permitted;
    if (ports_[pirq].load(std::memory_order_relaxed)) return Error::exists;
    ports_[pirq].store(static_cast<uint16_t>(port.value), std::memory_order_release);
    Status routed = route_line(pirq, *this, this_cpu());
    if (!routed.ok()) ports_[pirq].store(0, std::memory_order_relaxed);
    return routed;
}

void DomainPirqs::unbind(uint32_t pirq) {
    unroute_line(pirq);
    ports_[pirq].store(0, std::memory_order_relaxed);
}

void DomainPirqs::aim(uint32_t pirq, VcpuId vcpu) {
    if (Vcpu* target = domain_.vcpu(vcpu)) retarget_line(pirq, target->home());
}

void DomainPirqs::interrupt(uint32_t gsi) {
    if (uint16_t port = ports_[gsi].load(std::memory_order_acquire)) domain_.events.send_pirq(EvtPort(port), gsi);
}

} // namespace skerry
