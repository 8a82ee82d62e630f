// SPDX-License-Identifier: MIT
#include "arch/x86_64/machine_power.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpu_local.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/time.h"
#include "base/log.h"

namespace skerry {

namespace {

std::atomic<bool> stopping{false};

// Long enough for slow hardware, and for an emulator that ends a moment after it was told to.
void wait_a_little() {
    if (tsc_hertz)
        delay_us(2'000'000);
    else
        for (unsigned i = 0; i < 1'000'000; ++i) in8(0x80);
}

// PM1 control register, ACPI 4.8.3.2.1: SCI_EN bit 0, SLP_TYP bits 10-12, SLP_EN bit 13.
void enter_s5(uint16_t port, uint16_t type) {
    if (!port) return;
    uint16_t value = static_cast<uint16_t>(in16(port) & ~(7 << 10 | 1 << 13));
    out16(port, static_cast<uint16_t>(value | (type & 7) << 10 | 1 << 13));
}

void enable_acpi_mode() {
    auto& p = power_control;
    if (!p.smi_command || !p.acpi_enable || in16(p.pm1a_control) & 1) return;
    out8(static_cast<uint16_t>(p.smi_command), p.acpi_enable);
    for (unsigned i = 0; i < 100'000 && !(in16(p.pm1a_control) & 1); ++i) in8(0x80);
}

// --- machine checks: fields of a bank's status, and of MCG_CAP ---

constexpr uint64_t status_valid = uint64_t{1} << 63, status_has_misc = uint64_t{1} << 59,
                   status_has_address = uint64_t{1} << 58;
constexpr uint64_t cap_has_control = 1 << 8;

unsigned bank_count() { return cpu_features.machine_check ? read_msr(msr::mcg_cap) & 0xff : 0; }

} // namespace

bool is_stopping() { return stopping.load(std::memory_order_relaxed); }

void stop_this_cpu() {
    disable_interrupts();
    for (;;) halt();
}

void stop_other_cpus() {
    disable_interrupts();
    if (!stopping.exchange(true)) send_nmi_to_others();
}

void halt_machine() {
    stop_other_cpus();
    stop_this_cpu();
}

void power_off() {
    stop_other_cpus();
    if (power_control.has_s5 && power_control.pm1a_control) {
        enable_acpi_mode();
        enter_s5(power_control.pm1b_control, power_control.s5_type_b);
        enter_s5(power_control.pm1a_control, power_control.s5_type_a);
        wait_a_little();
    }
    log(LogLevel::error, "this machine cannot be powered off by ACPI; halted");
    halt_machine();
}

void reboot() {
    if (halt_instead_of_reboot) halt_machine();
    stop_other_cpus();
    if (power_control.has_reset_register) {
        out8(power_control.reset_port, power_control.reset_value);
        wait_a_little();
    }
    for (unsigned attempt = 0; attempt < 10; ++attempt) { // the keyboard controller's reset line
        for (unsigned i = 0; i < 1000 && in8(0x64) & 2; ++i) in8(0x80);
        out8(0x64, 0xfe);
        for (unsigned i = 0; i < 100'000; ++i) in8(0x80);
    }
    DescriptorTableRegister nothing{0, 0};
    load_idt(nothing);
    asm volatile("int3");
    stop_this_cpu();
}

void print_machine_check_banks(void (*say)(const char* line)) {
    for (unsigned bank = 0, count = bank_count(); bank < count; ++bank) {
        uint64_t status = read_msr(msr::mc0_status + 4 * bank);
        if (!(status & status_valid)) continue;
        uint64_t address = status & status_has_address ? read_msr(msr::mc0_address + 4 * bank) : 0;
        uint64_t misc = status & status_has_misc ? read_msr(msr::mc0_misc + 4 * bank) : 0;
        char line[120];
        format_text(line, sizeof(line), "machine check bank %u: status %016lx address %lx misc %lx\n", bank, status,
                    address, misc);
        say(line);
    }
}

void init_machine_check() {
    print_machine_check_banks(
        [](const char* line) { log(LogLevel::warning, "CPU %u before start: %s", this_cpu().value, line); });
    unsigned count = bank_count();
    if (count && read_msr(msr::mcg_cap) & cap_has_control) write_msr(msr::mcg_ctl, ~uint64_t{0});
    for (unsigned bank = 0; bank < count; ++bank) {
        write_msr_safe(msr::mc0_ctl + 4 * bank, ~uint64_t{0}); // virtual CPUs may refuse
        write_msr_safe(msr::mc0_status + 4 * bank, 0);
    }
}

} // namespace skerry
