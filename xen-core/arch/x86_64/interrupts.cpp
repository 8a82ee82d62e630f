// SPDX-License-Identifier: MIT
#include "arch/x86_64/interrupts.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/core_page_tables.h"
#include "arch/x86_64/cpu_local.h"
#include "arch/x86_64/instructions.h"
#include "base/lock.h"
#include "base/log.h"

#include <algorithm>
#include <span>

namespace skerry {

namespace {

// --- IO-APICs: Intel 82093AA data sheet ---

constexpr uint32_t register_version = 1;
constexpr uint32_t first_entry_register = 0x10; // an entry, one for each GSI, is two 32-bit registers

constinit Lock<LockRank::io_apic> register_lock; // index and data belong together

struct IoApic {
    MachAddr address;
    volatile uint32_t* registers; // index, three words of nothing, data

    uint32_t read(uint32_t r) {
        Holding held(register_lock);
        registers[0] = r;
        return registers[4];
    }
    void write(uint32_t r, uint32_t value) {
        Holding held(register_lock);
        registers[0] = r;
        registers[4] = value;
    }
};

constinit IoApic ioapics[16]{};
uint32_t ioapic_count = 0;

// --- Lines ---

constexpr uint32_t max_lines = 256;
constexpr uint32_t isa_irqs = 16;

struct Line {
    Lock<LockRank::interrupt> lock;
    IoApic* ioapic = nullptr; // null: a hole between two
    uint32_t entry_register = 0;
    LineConfig config{.level = true, .active_low = true};
    bool is_overridden = false; // the MADT said something about it
    InterruptSink* sink = nullptr;
    uint8_t vector = 0; // kept once assigned
    CpuId cpu{};
    bool awaits_eoi = false;             // level-triggered, masked until end_of_interrupt()
    std::atomic<uint32_t> delivering{0}; // CPUs inside sink->interrupt()

    void set_masked(bool masked) {
        // Physical destination, fixed delivery.
        uint32_t mode = (config.level ? ioapic_entry::level : 0) | (config.active_low ? ioapic_entry::active_low : 0);
        if (ioapic) ioapic->write(entry_register, vector | mode | (masked ? ioapic_entry::masked : 0));
    }
    void send_to(CpuId target) {
        cpu = target;
        uint32_t id = apic_ids[cpu.value];
        if (id >= 0xff) id = apic_ids[0]; // an IO-APIC's destination has 8 bits
        set_masked(true);
        if (ioapic) ioapic->write(entry_register + 1, id << 24);
        set_masked(awaits_eoi);
    }
};

constinit Line lines[max_lines];
uint32_t line_count = 0;
uint32_t isa_gsi[isa_irqs] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
std::atomic<uint32_t> line_of_vector[256]; // GSI + 1; 0: none

void deliver_line(uint32_t gsi) {
    Line& line = lines[gsi];
    InterruptSink* sink;
    {
        Holding held(line.lock);
        sink = line.sink;
        if (line.config.level) {
            line.set_masked(true); // before the APIC's end of interrupt, or it comes again at once
            line.awaits_eoi = sink != nullptr;
        }
        line.delivering.fetch_add(1);
    }
    apic_end_of_interrupt();
    if (sink) sink->interrupt(gsi);
    line.delivering.fetch_sub(1);
}

} // namespace

bool add_ioapic(MachAddr address, uint32_t first_gsi) {
    if (ioapic_count == std::size(ioapics)) return false;
    IoApic& ioapic = ioapics[ioapic_count];
    ioapic = {address, static_cast<volatile uint32_t*>(map_mmio(address, 0x20))};
    if (!ioapic.registers) return false;
    ++ioapic_count;
    uint32_t count = (ioapic.read(register_version) >> 16 & 0xff) + 1;
    for (uint32_t i = 0; i < count; ++i) {
        uint32_t entry_register = first_entry_register + 2 * i;
        ioapic.write(entry_register, ioapic_entry::masked);
        if (first_gsi + i >= max_lines) continue;
        lines[first_gsi + i].ioapic = &ioapic;
        lines[first_gsi + i].entry_register = entry_register;
    }
    line_count = std::max(line_count, std::min(first_gsi + count, max_lines));
    if (first_gsi + count > max_lines)
        log(LogLevel::warning, "%u interrupt lines, only %u are used", first_gsi + count, max_lines);
    return true;
}

unsigned ioapic_number() { return ioapic_count; }
MachAddr ioapic_address(unsigned index) { return ioapics[index].address; }

Result<uint32_t> ioapic_read(MachAddr base, uint32_t reg) {
    for (IoApic& ioapic : std::span(ioapics, ioapic_count))
        if (ioapic.address == base) return ioapic.read(reg & 0xff);
    return Error::invalid;
}

Result<uint32_t> ioapic_line(MachAddr base, uint32_t reg) {
    Error reason = Error::invalid;
    for (uint32_t gsi = 0; gsi < line_count; ++gsi) {
        if (!lines[gsi].ioapic || lines[gsi].ioapic->address != base) continue;
        if (lines[gsi].entry_register == reg) return gsi;
        reason = Error::not_found;
    }
    return reason;
}

void init_interrupts() {
    // The 8259s: moved out of the way of the exceptions, for they can raise spurious interrupts even when masked.
    for (uint16_t port : {0x20, 0xa0}) {
        out8(port, 0x11);
        out8(port + 1, port == 0x20 ? vector::first_external : vector::first_external + 8);
        out8(port + 1, port == 0x20 ? 4 : 2);
        out8(port + 1, 1);
        out8(port + 1, 0xff);
    }
    for (uint32_t irq = 0; irq < isa_irqs; ++irq)
        if (!lines[irq].is_overridden) lines[irq].config = {.level = false, .active_low = false};
}

void raise_work(CpuId cpu, PendingWork work) {
    CpuLocal& local = cpu_local_of(cpu);
    auto bit = static_cast<uint32_t>(work);
    if (local.pending_work.fetch_or(bit) & bit) return;
    if (cpu != this_cpu()) send_ipi(cpu, vector::work);
}

void dispatch_interrupt(uint8_t vector) {
    if (uint32_t line = line_of_vector[vector].load(std::memory_order_acquire)) return deliver_line(line - 1);
    if (vector < vector::first_line || vector == vector::spurious) return; // no bit in service: nothing to end
    apic_end_of_interrupt();
    switch (vector) {
    case vector::timer: cpu_local().pending_work.fetch_or(static_cast<uint32_t>(PendingWork::timer)); break;
    case vector::work: break; // the exit path looks at pending_work
    case vector::apic_error:
        log(LogLevel::warning, "CPU %u: APIC error %x", this_cpu().value, apic_take_error());
        break;
    default: log(LogLevel::warning, "CPU %u: interrupt on unused vector %u", this_cpu().value, vector);
    }
}

uint32_t interrupt_line_count() { return line_count; }

uint32_t gsi_of_isa_irq(uint8_t irq) { return irq < isa_irqs ? isa_gsi[irq] : irq; }

void override_isa_irq(uint8_t irq, uint32_t gsi, LineConfig config) {
    if (irq >= isa_irqs || gsi >= max_lines) return;
    isa_gsi[irq] = gsi;
    lines[gsi].config = config;
    lines[gsi].is_overridden = true;
}

Status configure_line(uint32_t gsi, LineConfig config) {
    if (gsi >= line_count) return Error::invalid;
    Line& line = lines[gsi];
    Holding held(line.lock);
    if (line.sink && line.config != config) return Error::busy;
    line.config = config;
    return success;
}

Status route_line(uint32_t gsi, InterruptSink& sink, CpuId cpu) {
    if (gsi >= line_count) return Error::invalid;
    Line& line = lines[gsi];
    Holding held(line.lock);
    if (line.sink) return Error::busy;
    // Devices' vectors are unique in the machine: there are more of them than most machines have lines.
    for (unsigned v = vector::first_line; !line.vector && v <= vector::last_line; ++v) {
        uint32_t free = 0;
        bool is_usable = v != vector::legacy_system_call && v != vector::fast_trap;
        if (is_usable && line_of_vector[v].compare_exchange_strong(free, gsi + 1))
            line.vector = static_cast<uint8_t>(v);
    }
    if (!line.vector) return Error::no_space;
    line.sink = &sink;
    line.awaits_eoi = false;
    line.send_to(cpu);
    return success;
}

void unroute_line(uint32_t gsi) {
    if (gsi >= line_count) return;
    Line& line = lines[gsi];
    {
        Holding held(line.lock);
        line.set_masked(true);
        line.sink = nullptr;
        line.awaits_eoi = false;
    }
    while (line.delivering.load()) spin_wait_hook();
}

void end_of_interrupt(uint32_t gsi) {
    if (gsi >= line_count) return;
    Line& line = lines[gsi];
    Holding held(line.lock);
    if (!line.awaits_eoi) return;
    line.awaits_eoi = false;
    line.set_masked(false);
}

bool line_needs_eoi(uint32_t gsi) { return gsi < line_count && lines[gsi].config.level; }

void retarget_line(uint32_t gsi, CpuId cpu) {
    if (gsi >= line_count) return;
    Line& line = lines[gsi];
    Holding held(line.lock);
    if (line.sink && line.cpu != cpu) line.send_to(cpu);
}

} // namespace skerry
