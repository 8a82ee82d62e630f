// SPDX-License-Identifier: MIT
#include "arch/x86_64/interrupts.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpu_local.h"
#include "arch/x86_64/instructions.h"
#include "arch/x86_64/ioapic.h"
#include "base/lock.h"
#include "base/log.h"

#include <atomic>

namespace skerry {

namespace {

constexpr uint32_t max_lines = 256;
constexpr uint32_t no_line = ~0u;
constexpr uint32_t isa_irqs = 16;

struct Line {
    Lock<LockRank::interrupt> lock;
    LineConfig config{Trigger::level, Polarity::active_low};
    bool is_overridden = false; // the MADT said something about it
    InterruptSink* sink = nullptr;
    uint8_t vector = 0; // kept once assigned
    CpuId cpu{};
    bool awaits_eoi = false;             // level-triggered, masked until end_of_interrupt()
    std::atomic<uint32_t> delivering{0}; // CPUs inside sink->interrupt()
};

using HeldLine = Holding<LockRank::interrupt>;

Line lines[max_lines];
uint32_t line_count = 0;
uint32_t isa_gsi[isa_irqs] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
VectorHandler handlers[256];
std::atomic<uint32_t> line_of_vector[256]; // GSI + 1; 0: none

// Devices' vectors are unique in the machine: there are more of them than most machines have lines.
uint8_t allocate_vector(uint32_t gsi) {
    for (unsigned v = vector::first_line; v <= vector::last_line; ++v) {
        if (v == vector::legacy_system_call || v == vector::fast_trap) continue;
        uint32_t free = 0;
        if (line_of_vector[v].compare_exchange_strong(free, gsi + 1)) return static_cast<uint8_t>(v);
    }
    return 0;
}

// An IO-APIC's destination has 8 bits.
uint32_t destination(CpuId cpu) {
    uint32_t id = apic_id(cpu);
    return id < 0xff ? id : apic_id(CpuId(0));
}

void deliver_line(uint32_t gsi) {
    Line& line = lines[gsi];
    InterruptSink* sink;
    {
        HeldLine held(line.lock);
        sink = line.sink;
        if (line.config.trigger == Trigger::level) {
            ioapic_mask(gsi); // before the APIC's end of interrupt, or it comes again at once
            line.awaits_eoi = sink != nullptr;
        }
        line.delivering.fetch_add(1);
    }
    apic_end_of_interrupt();
    if (sink) sink->interrupt(gsi);
    line.delivering.fetch_sub(1);
}

void handle_timer() { cpu_local().pending_work.fetch_or(static_cast<uint32_t>(PendingWork::timer)); }
void handle_work() {} // the exit path looks at pending_work
void handle_apic_error() { log(LogLevel::warning, "CPU %u: APIC error %x", this_cpu().value, apic_take_error()); }

} // namespace

// Moved out of the way of the exceptions first: they can raise spurious interrupts even when masked.
void mask_8259s() {
    for (uint16_t port : {0x20, 0xa0}) {
        out8(port, 0x11);
        out8(port + 1, port == 0x20 ? vector::first_external : vector::first_external + 8);
        out8(port + 1, port == 0x20 ? 4 : 2);
        out8(port + 1, 1);
        out8(port + 1, 0xff);
    }
}

void init_interrupts() {
    line_count = ioapic_gsi_count();
    if (line_count > max_lines) {
        log(LogLevel::warning, "%u interrupt lines, only %u are used", line_count, max_lines);
        line_count = max_lines;
    }
    set_vector_handler(vector::timer, handle_timer);
    set_vector_handler(vector::work, handle_work);
    set_vector_handler(vector::apic_error, handle_apic_error);
    for (uint32_t irq = 0; irq < isa_irqs; ++irq)
        if (!lines[irq].is_overridden) lines[irq].config = {Trigger::edge, Polarity::active_high};
}

void raise_work(CpuId cpu, PendingWork work) {
    CpuLocal& local = cpu_local_of(cpu);
    auto bit = static_cast<uint32_t>(work);
    if (local.pending_work.fetch_or(bit) & bit) return;
    if (cpu != this_cpu()) send_ipi(cpu, vector::work);
}

void set_vector_handler(uint8_t vector, VectorHandler handler) { handlers[vector] = handler; }

void dispatch_interrupt(uint8_t vector) {
    if (VectorHandler handler = handlers[vector]) {
        apic_end_of_interrupt();
        handler();
    } else if (uint32_t line = line_of_vector[vector].load(std::memory_order_acquire)) {
        deliver_line(line - 1);
    } else if (vector >= vector::first_line && vector != vector::spurious) {
        apic_end_of_interrupt();
        log(LogLevel::warning, "CPU %u: interrupt on unused vector %u", this_cpu().value, vector);
    } // the others come without a bit in service: nothing to end
}

uint32_t interrupt_line_count() { return line_count; }

uint32_t gsi_of_isa_irq(uint8_t irq) { return irq < isa_irqs ? isa_gsi[irq] : irq; }

void override_isa_irq(uint8_t irq, uint32_t gsi, LineConfig config) {
    if (irq >= isa_irqs || gsi >= max_lines) return;
    isa_gsi[irq] = gsi;
    lines[gsi].config = config;
    lines[gsi].is_overridden = true;
}

LineConfig line_config(uint32_t gsi) { return gsi < line_count ? lines[gsi].config : LineConfig{}; }

Status configure_line(uint32_t gsi, LineConfig config) {
    if (gsi >= line_count) return Error::invalid;
    Line& line = lines[gsi];
    HeldLine held(line.lock);
    bool same = line.config.trigger == config.trigger && line.config.polarity == config.polarity;
    if (line.sink && !same) return Error::busy;
    line.config = config;
    return success;
}

Status route_line(uint32_t gsi, InterruptSink& sink, CpuId cpu) {
    if (gsi >= line_count) return Error::invalid;
    Line& line = lines[gsi];
    HeldLine held(line.lock);
    if (line.sink) return Error::busy;
    if (!line.vector) line.vector = allocate_vector(gsi);
    if (!line.vector) return Error::no_space;
    line.sink = &sink;
    line.cpu = cpu;
    line.awaits_eoi = false;
    ioapic_route(gsi, line.vector, line.config, destination(cpu), false);
    return success;
}

void unroute_line(uint32_t gsi) {
    if (gsi >= line_count) return;
    Line& line = lines[gsi];
    {
        HeldLine held(line.lock);
        ioapic_mask(gsi);
        line.sink = nullptr;
        line.awaits_eoi = false;
    }
    while (line.delivering.load()) spin_wait_hook();
}

bool is_line_routed(uint32_t gsi) { return gsi < line_count && lines[gsi].sink; }

void end_of_interrupt(uint32_t gsi) {
    if (gsi >= line_count) return;
    Line& line = lines[gsi];
    HeldLine held(line.lock);
    if (!line.awaits_eoi) return;
    line.awaits_eoi = false;
    ioapic_unmask(gsi);
}

bool line_needs_eoi(uint32_t gsi) { return gsi < line_count && lines[gsi].config.trigger == Trigger::level; }

void retarget_line(uint32_t gsi, CpuId cpu) {
    if (gsi >= line_count) return;
    Line& line = lines[gsi];
    HeldLine held(line.lock);
    if (!line.sink || line.cpu == cpu) return;
    line.cpu = cpu;
    ioapic_route(gsi, line.vector, line.config, destination(cpu), line.awaits_eoi);
}

} // namespace skerry
