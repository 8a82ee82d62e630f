// SPDX-License-Identifier: MIT
// Reference clocks and what they are good for: the frequencies of the TSC and of the APIC timer. Start-up only.
// IA-PC HPET specification 1.0a; ACPI 4.8.3.3 (PM timer); Intel 8254.
#include "arch/x86_64/apic.h"
#include "arch/x86_64/battery_clock.h"
#include "arch/x86_64/clock_sources.h"
#include "arch/x86_64/core_page_tables.h"
#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/time.h"
#include "base/log.h"

namespace skerry {

constinit ClockSources clock_sources;

namespace {

// A counter that runs at a known frequency and wraps at a known width.
struct ReferenceClock {
    const char* name;
    uint64_t hertz;
    uint64_t mask;
    uint32_t (*read)();
};

volatile uint32_t* hpet_registers = nullptr;
uint32_t read_hpet() { return hpet_registers[0xf0 / 4]; }
uint32_t read_pm_timer() { return in32(clock_sources.pm_timer_port); }
// Counts down in mode 0: inverted, so that it goes up like the others.
uint32_t read_pit() {
    out8(0x43, 0x80); // latch channel 2
    uint32_t low = in8(0x42);
    return ~(low | static_cast<uint32_t>(in8(0x42)) << 8);
}

bool start_hpet(ReferenceClock& clock) {
    if (!clock_sources.hpet.value) return false;
    hpet_registers = static_cast<volatile uint32_t*>(map_mmio(clock_sources.hpet, 0x400));
    if (!hpet_registers) return false;
    uint32_t femtoseconds = hpet_registers[1];
    if (femtoseconds == 0 || femtoseconds > 100'000'000 || hpet_registers[0] == ~0u) return false;
    hpet_registers[0x10 / 4] = hpet_registers[0x10 / 4] | 1; // enable
    clock = {"HPET", uint64_t{1'000'000'000'000'000} / femtoseconds, 0xffffffff, read_hpet};
    return true;
}

bool start_pm_timer(ReferenceClock& clock) {
    if (!clock_sources.pm_timer_port) return false;
    clock = {"ACPI PM timer", 3'579'545, 0xffffff, read_pm_timer};
    return true;
}

bool start_pit(ReferenceClock& clock) {
    out8(0x61, static_cast<uint8_t>((in8(0x61) & ~2) | 1)); // gate on, speaker off
    out8(0x43, 0xb0);                                       // channel 2, mode 0, 16 bits
    out8(0x42, 0xff);
    out8(0x42, 0xff);
    clock = {"PIT", 1'193'182, 0xffff, read_pit};
    return true;
}

// It must count; firmware that disabled it leaves a constant.
bool is_counting(const ReferenceClock& clock) {
    uint32_t first = clock.read();
    for (unsigned i = 0; i < 1'000'000; ++i)
        if (((clock.read() - first) & clock.mask) > 1) return true;
    return false;
}

struct Reading {
    uint64_t tsc;
    uint32_t reference;
    uint32_t apic;
};

// All three at about one moment: of several attempts the one that took the least time (a hypervisor below us, or an
// SMI, may have taken the CPU away in the others).
Reading read_all(const ReferenceClock& clock) {
    Reading best{};
    uint64_t least = ~uint64_t{0};
    for (unsigned attempt = 0; attempt < 16; ++attempt) {
        uint64_t before = read_tsc_ordered();
        uint32_t reference = clock.read();
        uint32_t apic = apic_timer_remaining();
        uint64_t after = read_tsc_ordered();
        if (after - before < least) {
            least = after - before;
            best = {before + least / 2, reference, apic};
        }
    }
    return best;
}

constexpr uint64_t calibration_hz = 25; // 40 ms: within a few parts per million with a clock of 10 MHz

void measure(const ReferenceClock& clock, uint64_t& apic_hertz) {
    apic_timer_start(~0u);
    Reading start = read_all(clock);
    uint64_t goal = clock.hertz / calibration_hz;
    while (((clock.read() - start.reference) & clock.mask) < goal) pause();
    Reading end = read_all(clock);
    apic_timer_start(0);
    uint64_t elapsed = (end.reference - start.reference) & clock.mask;
    tsc_hertz = multiply_divide(end.tsc - start.tsc, clock.hertz, elapsed);
    apic_hertz = multiply_divide(start.apic - end.apic, clock.hertz, elapsed);
}

// Leaf 0x15 states the frequency exactly on CPUs that know it.
uint64_t tsc_hertz_by_cpuid() {
    if (cpu_features.hypervisor || cpuid(0).eax < 0x15) return 0;
    CpuidLeaf leaf = cpuid(0x15);
    return leaf.eax && leaf.ebx && leaf.ecx ? multiply_divide(leaf.ecx, leaf.ebx, leaf.eax) : 0;
}

} // namespace

const char* calibrate_clocks() {
    ReferenceClock clock{};
    bool found = (start_hpet(clock) && is_counting(clock)) || (start_pm_timer(clock) && is_counting(clock)) ||
                 (start_pit(clock) && is_counting(clock));
    if (!found) return "no reference clock works (HPET, ACPI PM timer, PIT)";
    uint64_t apic_hertz;
    measure(clock, apic_hertz);
    if (uint64_t exact = tsc_hertz_by_cpuid()) tsc_hertz = exact;
    if (tsc_hertz < 1'000'000 || (!cpu_features.tsc_deadline && apic_hertz < 1'000'000))
        return "the TSC or the APIC timer does not run";
    tsc_scale = scale_for_frequency(tsc_hertz);
    set_timer_frequency(cpu_features.tsc_deadline ? tsc_hertz : apic_hertz);
    wall_clock_at_start = {read_battery_clock(), 0};
    tsc_at_start = read_tsc();
    log(LogLevel::info, "TSC at %lu.%03lu MHz by %s%s", tsc_hertz / 1'000'000, tsc_hertz / 1000 % 1000, clock.name,
        cpu_features.invariant_tsc ? "" : " (not declared invariant)");
    return nullptr;
}

} // namespace skerry
