// SPDX-License-Identifier: MIT
#include "arch/x86_64/machine_power.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpu_local.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/time.h"
#include "base/log.h"

namespace skerry {

static std::atomic<bool> stopping{false};

// Long enough for slow hardware, and for an emulator that ends a moment after it was told to.
static void wait_a_little() {
    if (tsc_hertz)
        delay_us(2'000'000);
    else
        for (unsigned i = 0; i < 1'000'000; ++i) in8(0x80);
}

// PM1 control register, ACPI 4.8.3.2.1: SCI_EN bit 0, SLP_TYP bits 10-12, SLP_EN bit 13.
static void enter_s5(uint16_t port, uint16_t type) {
    if (!port) return;
    uint16_t value = static_cast<uint16_t>(in16(port) & ~(7 << 10 | 1 << 13));
    out16(port, static_cast<uint16_t>(value | (type & 7) << 10 | 1 << 13));
}

// --- machine checks: fields of a bank's status, and of MCG_CAP ---

constexpr uint64_t status_valid = uint64_t{1} << 63, status_has_misc = uint64_t{1} << 59,
                   status_has_address = uint64_t{1} << 58;
constexpr uint64_t cap_has_control = 1 << 8;

static unsigned bank_count() { return cpu_features.machine_check ? read_msr(msr::mcg_cap) & 0xff : 0; }

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
    const PowerControl& p = power_control;
    if (p.has_s5 && p.pm1a_control) {
        if (p.smi_command && p.acpi_enable && !(in16(p.pm1a_control) & 1)) {
            out8(p.smi_command, p.acpi_enable);
            for (unsigned i = 0; i < 100'000 && !(in16(p.pm1a_control) & 1); ++i) in8(0x80);
        }
        enter_s5(p.pm1b_control, p.s5_type_b);
        enter_s5(p.pm1a_control, p.s5_type_a);
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

void log_machine_check_banks(const char* when) {
    for (unsigned bank = 0, count = bank_count(); bank < count; ++bank) {
        uint64_t status = read_msr(msr::mc0_status + 4 * bank);
        if (!(status & status_valid)) continue;
        uint64_t address = status & status_has_address ? read_msr(msr::mc0_address + 4 * bank) : 0;
        uint64_t misc = status & status_has_misc ? read_msr(msr::mc0_misc + 4 * bank) : 0;
        log(LogLevel::error, "CPU %u%s: machine check bank %u: status %016lx address %lx misc %lx", this_cpu().value,
            when, bank, status, address, misc);
    }
}

void init_machine_check() {
    log_machine_check_banks(" before start");
    unsigned count = bank_count();
    if (count && read_msr(msr::mcg_cap) & cap_has_control) write_msr(msr::mcg_ctl, ~uint64_t{0});
    for (unsigned bank = 0; bank < count; ++bank) {
        write_msr_safe(msr::mc0_ctl + 4 * bank, ~uint64_t{0}); // virtual CPUs may refuse
        write_msr_safe(msr::mc0_status + 4 * bank, 0);
    }
}

} // namespace skerry
