// SPDX-License-Identifier: MIT
// Interrupt vectors: who gets what. Owns the vector table and the physical interrupt lines (GSIs). The trap entry
// passes every external vector to dispatch_interrupt() with the register frame already saved; nothing here touches a
// guest.
//
// Lines that a guest uses: route() ties a GSI to a sink; each interrupt calls sink->interrupt(gsi), and a
// level-triggered line stays masked until end_of_interrupt(gsi). Lock: LockRank::interrupt, one per line, released
// before the sink is called.
#pragma once

#include "base/result.h"
#include "base/types.h"

namespace skerry {

namespace vector {
inline constexpr uint8_t first_external = 0x20;
inline constexpr uint8_t first_line = 0x30; // 0x20..0x2f: spurious interrupts of the masked 8259s
inline constexpr uint8_t last_line = 0xef;
inline constexpr uint8_t legacy_system_call = 0x80; // never a device's: guests use int $0x80
inline constexpr uint8_t fast_trap = 0x82;
inline constexpr uint8_t timer = 0xf8;
inline constexpr uint8_t work = 0xfb; // another CPU raised PendingWork for this one
inline constexpr uint8_t apic_error = 0xfe;
inline constexpr uint8_t spurious = 0xff;
} // namespace vector

// Called by the trap entry for vectors 0x20..0xff, interrupts off. Acknowledges the APIC, runs the handler.
void dispatch_interrupt(uint8_t vector);

// A vector's handler, for xen-core's own use (timer, work IPI). Set at start-up only.
using VectorHandler = void (*)();
void set_vector_handler(uint8_t vector, VectorHandler handler);

// Boot CPU, before init_apic(): an interrupt that an 8259 has raised is taken back only while the local APIC still
// listens to it.
void mask_8259s();
// Boot CPU: finds the lines of the IO-APICs (all masked), installs the handlers of xen-core's own
// vectors.
void init_interrupts();

// --- Physical interrupt lines --------------------------------------------------------------------------------------

enum class Trigger : uint8_t { edge, level };
enum class Polarity : uint8_t { active_high, active_low };

// Implemented by whoever receives a line's interrupts (the event channels of a domain; the early UART).
class InterruptSink {
  public:
    // Interrupts off, no locks held, on the CPU that took the interrupt.
    virtual void interrupt(uint32_t gsi) = 0;

  protected:
    ~InterruptSink() = default;
};

// The number of GSIs of the machine's IO-APICs (0 without one).
uint32_t interrupt_line_count();

// The GSI of an ISA interrupt 0..15 after the MADT's overrides.
uint32_t gsi_of_isa_irq(uint8_t irq);

// From the MADT, before init_interrupts().
void override_isa_irq(uint8_t irq, uint32_t gsi, struct LineConfig config);

struct LineConfig {
    Trigger trigger;
    Polarity polarity;
};
// What the MADT says (ISA: edge, high) or PCI's default (level, low); configure_line() changes it
// (PHYSDEVOP_setup_gsi).
LineConfig line_config(uint32_t gsi);
// invalid: no such GSI; busy: routed with another configuration.
Status configure_line(uint32_t gsi, LineConfig config);

// Send the line's interrupts to `sink`, on `cpu`, unmasked from now on.
// invalid: no such GSI; busy: already routed; no_space: no vector left.
Status route_line(uint32_t gsi, InterruptSink& sink, CpuId cpu);
// Masks the line and forgets the sink; on return no CPU is inside or will enter sink.interrupt() for it. Waits for
// that: not to be called from the sink itself, nor with a lock held that the sink takes.
void unroute_line(uint32_t gsi);
bool is_line_routed(uint32_t gsi);
// The sink has handled the interrupt: a level-triggered line is unmasked. Harmless when not due.
void end_of_interrupt(uint32_t gsi);
// True when the sink must call end_of_interrupt() (level-triggered): PHYSDEVOP_irq_status_query's XENIRQSTAT_needs_eoi.
bool line_needs_eoi(uint32_t gsi);
// Move the line's interrupts to another CPU.
void retarget_line(uint32_t gsi, CpuId cpu);

} // namespace skerry
