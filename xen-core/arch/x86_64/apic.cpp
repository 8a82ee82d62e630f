// SPDX-License-Identifier: MIT
// Registers: Intel SDM volume 3, chapter 11. In x2APIC mode register R of the memory window is MSR 0x800 + R / 16.
#include "arch/x86_64/apic.h"

#include "arch/x86_64/core_page_tables.h"
#include "arch/x86_64/cpu_local.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/interrupts.h"
#include "base/log.h"

namespace skerry {

namespace {

namespace reg {
constexpr uint32_t id = 0x20, task_priority = 0x80, end_of_interrupt = 0xb0, spurious = 0xf0, error_status = 0x280,
                   command = 0x300, command_high = 0x310, timer = 0x320, lint0 = 0x350, lint1 = 0x360,
                   lvt_error = 0x370, initial_count = 0x380, current_count = 0x390, divide = 0x3e0;
}

constexpr uint32_t masked = 1 << 16;
constexpr uint32_t timer_tsc_deadline = 2 << 17;
constexpr uint32_t delivery_nmi = 4 << 8, delivery_init = 5 << 8, delivery_startup = 6 << 8;
constexpr uint32_t level_assert = 1 << 14;
constexpr uint32_t command_pending = 1 << 12;
constexpr uint32_t software_enable = 1 << 8;
constexpr uint64_t base_enable = 1 << 11, base_x2apic = 1 << 10;

volatile uint32_t* window = nullptr; // not used in x2APIC mode
bool x2apic = false;

uint32_t read(uint32_t r) {
    return x2apic ? static_cast<uint32_t>(read_msr(msr::x2apic_first + r / 16)) : window[r / 4];
}

void write(uint32_t r, uint32_t value) {
    if (x2apic)
        write_msr(msr::x2apic_first + r / 16, value);
    else
        window[r / 4] = value;
}

void send(uint32_t destination, uint32_t what) {
    if (x2apic) {
        // Unlike stores to the window this does not wait for earlier stores to be seen by others.
        asm volatile("mfence; lfence" ::: "memory");
        write_msr(msr::x2apic_first + reg::command / 16, uint64_t{destination} << 32 | what);
        return;
    }
    while (read(reg::command) & command_pending) pause();
    write(reg::command_high, destination << 24);
    write(reg::command, what);
}

} // namespace

void init_apic(MachAddr base) {
    // Firmware may have switched to it already, and there is no easy way back.
    x2apic = cpu_features.x2apic || read_msr(msr::apic_base) & base_x2apic;
    if (!x2apic) {
        window = static_cast<volatile uint32_t*>(map_mmio(base, page_size));
        ASSERT(window);
    }
    init_apic_this_cpu();
    apic_ids[0] = x2apic ? read(reg::id) : read(reg::id) >> 24;
    log(LogLevel::info, "local APIC in %s mode, timer by %s", x2apic ? "x2APIC" : "xAPIC",
        cpu_features.tsc_deadline ? "TSC deadline" : "count");
}

void init_apic_this_cpu() {
    uint64_t base = read_msr(msr::apic_base) | base_enable;
    write_msr(msr::apic_base, base);
    if (x2apic) write_msr(msr::apic_base, base | base_x2apic);
    write(reg::task_priority, 0);
    // First: while the APIC is disabled by software, mask bits of the entries below cannot be cleared.
    write(reg::spurious, software_enable | vector::spurious);
    write(reg::lint0, masked);
    write(reg::lint1, delivery_nmi);
    write(reg::lvt_error, vector::apic_error);
    write(reg::divide, 0xb); // by 1
    write(reg::timer, vector::timer | (cpu_features.tsc_deadline ? timer_tsc_deadline : 0));
    apic_end_of_interrupt();
}

bool can_reach_apic(uint32_t id) { return x2apic || id < 0xff; }

void apic_end_of_interrupt() { write(reg::end_of_interrupt, 0); }

uint32_t apic_take_error() {
    write(reg::error_status, 0);
    return read(reg::error_status);
}

void send_ipi(CpuId cpu, uint8_t vector) { send(apic_ids[cpu.value], level_assert | vector); }

void send_nmi_to_others() {
    if (!x2apic && !window) return; // so early that there are no others
    online_cpus.for_each([](CpuId cpu) {
        if (cpu != this_cpu()) send(apic_ids[cpu.value], level_assert | delivery_nmi);
    });
}

void send_init(uint32_t id) { send(id, level_assert | delivery_init); }
void send_startup(uint32_t id, uint8_t page) { send(id, level_assert | delivery_startup | page); }

void apic_timer_start(uint32_t ticks) { write(reg::initial_count, ticks); }
uint32_t apic_timer_remaining() { return read(reg::current_count); }

} // namespace skerry
