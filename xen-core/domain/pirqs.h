// SPDX-License-Identifier: MIT
// The physical interrupts that a domain may receive as events. A pirq number of a domain is the GSI itself: mapping one
// (PHYSDEVOP_map_pirq) is the right to bind it.
//
// Lock: the event table's, which is held whenever a binding changes.
#pragma once

#include "arch/x86_64/interrupts.h"

#include <atomic>

namespace skerry {

class Domain;

class DomainPirqs final : InterruptSink, NonCopyable {
  public:
    static constexpr uint32_t limit = 256; // pirq numbers 0..255

    explicit DomainPirqs(Domain& domain) : domain_(domain) {}

    // Errors: invalid (no such line), not_permitted (no right to it). Mapping twice is harmless.
    Status map(uint32_t gsi);
    // Errors: invalid (not mapped), busy (bound).
    Status unmap(uint32_t gsi);
    bool is_mapped(uint32_t pirq) const { return pirq < limit && mapped_[pirq / 64] >> (pirq % 64) & 1; }
    // The guest has handled the interrupt. Errors: invalid (not bound).
    Status end_of_interrupt(uint32_t pirq);
    // It has handled all whose events it has not masked.
    void end_of_interrupts();

    // As EventHost says.
    Status bind(uint32_t pirq, EvtPort port);
    void unbind(uint32_t pirq);
    void aim(uint32_t pirq, VcpuId vcpu);

  private:
    void interrupt(uint32_t gsi) override;

    Domain& domain_;
    uint64_t mapped_[limit / 64] = {};
    std::atomic<uint16_t> ports_[limit] = {}; // 0: not bound. Ports of pirqs are below 65536 (checked when bound)
};

} // namespace skerry
