// SPDX-License-Identifier: MIT
// Interrupt vectors: who gets what. Owns the vectors, the IO-APICs and the physical interrupt lines (GSIs). The trap
// entry passes every external vector to dispatch_interrupt() with the register frame already saved; nothing here
// touches a guest.
//
// Lines that a guest uses: route() ties a GSI to a sink; each interrupt calls sink->interrupt(gsi), and a
// level-triggered line stays masked until end_of_interrupt(gsi). Lock: LockRank::interrupt, one per line, released
// before the sink is called; inside it LockRank::io_apic.
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

// Called by the trap entry for vectors 0x20..0xff, interrupts off. Acknowledges the APIC, does what the vector is for.
void dispatch_interrupt(uint8_t vector);

// Boot CPU, after ACPI was read and before init_apic(): an interrupt that an 8259 has raised is taken back only while
// the local APIC still listens to it. (QEMU delivers one that is cut off while raised as an interrupt without a number,
// to whoever first has interrupts enabled.)
void init_interrupts();

// --- Physical interrupt lines --------------------------------------------------------------------------------------

struct LineConfig {
    bool level;      // else edge-triggered
    bool active_low; // else high
    bool operator==(const LineConfig&) const = default;
};

// Implemented by whoever receives a line's interrupts (the event channels of a domain; the early UART).
class InterruptSink {
  public:
    // Interrupts off, no locks held, on the CPU that took the interrupt.
    virtual void interrupt(uint32_t gsi) = 0;

  protected:
    ~InterruptSink() = default;
};

// From the MADT: an IO-APIC, whose entries, one for each GSI, are all masked (false: it cannot be mapped, or there are
// too many), and what an ISA interrupt really is.
bool add_ioapic(MachAddr address, uint32_t first_gsi);
void override_isa_irq(uint8_t irq, uint32_t gsi, LineConfig config);

// The number of IO-APICs, and where the registers of one stand: no guest may map them.
unsigned ioapic_number();
MachAddr ioapic_address(unsigned index);
// The register of the IO-APIC at an address (PHYSDEVOP_apic_read), and the line whose entry begins with it, if one does:
// an entry is two registers. Errors: invalid (no IO-APIC there); also not_found.
Result<uint32_t> ioapic_read(MachAddr base, uint32_t reg);
Result<uint32_t> ioapic_line(MachAddr base, uint32_t reg);
// The first register of an entry, besides the vector (bits 0..7). Intel 82093AA data sheet.
namespace ioapic_entry {
inline constexpr uint32_t masked = 1 << 16, level = 1 << 15, active_low = 1 << 13;
}

// The number of GSIs of the machine's IO-APICs (0 without one).
uint32_t interrupt_line_count();

// The GSI of an ISA interrupt 0..15 after the MADT's overrides.
uint32_t gsi_of_isa_irq(uint8_t irq);

// A line is at first what the MADT says (ISA: edge, high), or PCI's default (level, low); this changes it
// (PHYSDEVOP_setup_gsi).
// invalid: no such GSI; busy: routed with another configuration.
Status configure_line(uint32_t gsi, LineConfig config);

// Send the line's interrupts to `sink`, on `cpu`, unmasked from now on.
// invalid: no such GSI; busy: already routed; no_space: no vector left.
Status route_line(uint32_t gsi, InterruptSink& sink, CpuId cpu);
// Masks the line and forgets the sink; on return no CPU is inside or will enter sink.interrupt() for it. Waits for
// that: not to be called from the sink itself, nor with a lock held that the sink takes.
void unroute_line(uint32_t gsi);
// The sink has handled the interrupt: a level-triggered line is unmasked. Harmless when not due.
void end_of_interrupt(uint32_t gsi);
// True when the sink must call end_of_interrupt() (level-triggered): PHYSDEVOP_irq_status_query's XENIRQSTAT_needs_eoi.
bool line_needs_eoi(uint32_t gsi);
// Move the line's interrupts to another CPU.
void retarget_line(uint32_t gsi, CpuId cpu);

} // namespace skerry
