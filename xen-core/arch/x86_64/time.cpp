// SPDX-License-Identifier: MIT
#include "arch/x86_64/time.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/core_page_tables.h"
#include "arch/x86_64/features.h"
#include "base/log.h"

#include <algorithm>
#include <array>

namespace skerry {

// --- Each CPU's timer ----------------------------------------------------------------------------------------------

constexpr uint64_t nanoseconds_hertz = 1'000'000'000;
static constinit TscScale timer_ticks{0, 0}; // from nanoseconds

// A guest can name any deadline: what is far away fires early, and the handler arms it again.
void set_timer_deadline(Nanoseconds deadline) {
    constexpr Nanoseconds longest = 1'000'000'000;
    if (deadline == never) return cpu_features.tsc_deadline ? write_msr(msr::tsc_deadline, 0) : apic_timer_start(0);
    uint64_t tsc = read_tsc();
    Nanoseconds time = ns_of_tsc(tsc);
    Nanoseconds left = deadline > time ? deadline - time : 0;
    uint64_t ticks = timer_ticks.to_ns(std::min(left, longest)) + 1;
    if (cpu_features.tsc_deadline)
        write_msr(msr::tsc_deadline, tsc + ticks);
    else
        apic_timer_start(static_cast<uint32_t>(std::min(ticks, uint64_t{~0u})));
}

void delay_us(uint32_t microseconds) {
    uint64_t ticks = tsc_hertz / 1'000'000 * microseconds;
    for (uint64_t start = read_tsc(); read_tsc() - start < ticks;) pause();
}

// --- Frequencies ---------------------------------------------------------------------------------------------------
// By a reference clock: IA-PC HPET specification 1.0a; ACPI 4.8.3.3 (PM timer); Intel 8254.

namespace {

// A counter that runs at a known frequency and wraps at a known width.
struct ReferenceClock {
    const char* name;
    uint64_t hertz; // 0: there is none
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

// Both return the frequency.
uint64_t start_hpet() {
    if (clock_sources.hpet.value) hpet_registers = static_cast<volatile uint32_t*>(map_mmio(clock_sources.hpet, 0x400));
    uint32_t femtoseconds = hpet_registers ? hpet_registers[1] : 0;
    if (femtoseconds == 0 || femtoseconds > 100'000'000 || hpet_registers[0] == ~0u) return 0;
    hpet_registers[0x10 / 4] = hpet_registers[0x10 / 4] | 1; // enable
    return uint64_t{1'000'000'000'000'000} / femtoseconds;
}
uint64_t start_pit() {
    out8(0x61, static_cast<uint8_t>((in8(0x61) & ~2) | 1)); // gate on, speaker off
    out8(0x43, 0xb0);                                       // channel 2, mode 0, 16 bits
    out8(0x42, 0xff);
    out8(0x42, 0xff);
    return 1'193'182;
}

// It must count; firmware that disabled it leaves a constant.
bool is_counting(const ReferenceClock& clock) {
    uint32_t first = clock.hertz ? clock.read() : 0;
    for (unsigned i = 0; clock.hertz && i < 1'000'000; ++i)
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

// Sets tsc_hertz, and returns the frequency of the APIC timer.
uint64_t measure(const ReferenceClock& clock) {
    apic_timer_start(~0u);
    Reading start = read_all(clock);
    uint64_t goal = clock.hertz / calibration_hz;
    while (((clock.read() - start.reference) & clock.mask) < goal) pause();
    Reading end = read_all(clock);
    apic_timer_start(0);
    uint64_t elapsed = (end.reference - start.reference) & clock.mask;
    tsc_hertz = multiply_divide(end.tsc - start.tsc, clock.hertz, elapsed);
    return multiply_divide(start.apic - end.apic, clock.hertz, elapsed);
}

// The battery-backed clock (MC146818).
uint8_t read_cmos(uint8_t r) {
    out8(0x70, r);
    return in8(0x71);
}

// Seconds since 1970, taking the clock for UTC; 0 when it is not set.
uint64_t read_battery_clock() {
    auto read = [] {
        for (unsigned i = 0; i < 100'000 && read_cmos(0x0a) & 0x80; ++i) // an update is in progress
            pause();
        uint8_t century = clock_sources.century_register ? read_cmos(clock_sources.century_register) : 0;
        return std::array{read_cmos(0), read_cmos(2), read_cmos(4), read_cmos(7), read_cmos(8), read_cmos(9), century};
    };
    auto fields = read();
    for (auto again = read(); fields != again; again = read()) fields = again;
    auto [second, minute, hours, day, month, year_of_century, century] = fields;
    uint8_t format = read_cmos(0x0b);
    bool binary = format & 4, full_day = format & 2;
    auto value = [&](uint8_t v) -> uint64_t { return binary ? v : (v >> 4) * 10u + (v & 15); };
    uint64_t hour = value(hours & 0x7f);
    if (!full_day) hour = hour % 12 + (hours & 0x80 ? 12 : 0);
    uint64_t year = value(year_of_century) + (century ? value(century) * 100 : 2000);
    if (!month || !day) return 0;
    return seconds_since_1970(year, value(month), value(day), hour, value(minute), value(second));
}

} // namespace

const char* calibrate_clocks() {
    const ReferenceClock clocks[] = {
        {"HPET", start_hpet(), 0xffffffff, read_hpet},
        {"ACPI PM timer", clock_sources.pm_timer_port ? 3'579'545ul : 0, 0xffffff, read_pm_timer},
        {"PIT", start_pit(), 0xffff, read_pit}};
    const ReferenceClock* clock = std::ranges::find_if(clocks, is_counting);
    if (clock == std::end(clocks)) return "no reference clock works (HPET, ACPI PM timer, PIT)";
    uint64_t apic_hertz = measure(*clock);
    // Leaf 0x15 states the frequency exactly on CPUs that know it.
    CpuidLeaf leaf = !cpu_features.hypervisor && cpuid(0).eax >= 0x15 ? cpuid(0x15) : CpuidLeaf{};
    if (leaf.eax && leaf.ebx && leaf.ecx) tsc_hertz = multiply_divide(leaf.ecx, leaf.ebx, leaf.eax);
    if (tsc_hertz < 1'000'000 || (!cpu_features.tsc_deadline && apic_hertz < 1'000'000))
        return "the TSC or the APIC timer does not run";
    tsc_scale = scale_between(tsc_hertz, nanoseconds_hertz);
    timer_ticks = scale_between(nanoseconds_hertz, cpu_features.tsc_deadline ? tsc_hertz : apic_hertz);
    wall_clock_at_start = {read_battery_clock(), 0};
    tsc_at_start = read_tsc();
    log(LogLevel::info, "TSC at %lu.%03lu MHz by %s%s", tsc_hertz / 1'000'000, tsc_hertz / 1000 % 1000, clock->name,
        cpu_features.invariant_tsc ? "" : " (not declared invariant)");
    return nullptr;
}

// --- The TSCs of all CPUs ------------------------------------------------------------------------------------------
// A CPU's TSC is measured against the boot CPU's by passing a word back and forth: the boot CPU's reading lies between
// two of the other's, so the offset is known to half the round trip. Only what is beyond doubt is corrected.

namespace {

std::atomic<uint32_t> turn{0}; // counts on and on; from the start of a CPU's measurement odd: the boot CPU's
std::atomic<uint64_t> boot_tsc{0};
constexpr unsigned rounds = 64;
constexpr unsigned passes = 2; // measure and correct, measure again

void wait_for_turn(uint32_t value) {
    while (turn.load(std::memory_order_acquire) != value) pause();
}

// The boot CPU's TSC minus this CPU's, and how sure that is.
int64_t measure_offset(uint64_t& uncertainty) {
    int64_t best = 0;
    uncertainty = ~uint64_t{0};
    for (unsigned i = 0; i < rounds; ++i) {
        uint32_t mine = turn.load(std::memory_order_relaxed);
        uint64_t before = read_tsc_ordered();
        turn.store(mine + 1, std::memory_order_release);
        wait_for_turn(mine + 2);
        uint64_t after = read_tsc_ordered();
        if (after - before < uncertainty) {
            uncertainty = after - before;
            best = static_cast<int64_t>(boot_tsc.load() - before - (after - before) / 2);
        }
    }
    return best;
}

} // namespace

void sync_tsc_source() {
    static uint32_t answered = 0;
    for (unsigned i = 0; i < passes * rounds; ++i) {
        wait_for_turn(answered + 1);
        boot_tsc.store(read_tsc_ordered());
        answered += 2;
        turn.store(answered, std::memory_order_release);
    }
}

void sync_tsc_this_cpu() {
    for (unsigned pass = 0; pass < passes; ++pass) {
        uint64_t uncertainty;
        int64_t offset = measure_offset(uncertainty);
        uint64_t distance = static_cast<uint64_t>(offset < 0 ? -offset : offset);
        if (distance <= uncertainty) continue;
        if (pass == passes - 1)
            log(LogLevel::warning, "this CPU's TSC is %ld ticks off and cannot be corrected", -offset);
        else if (cpu_features.tsc_adjust)
            write_msr(msr::tsc_adjust, read_msr(msr::tsc_adjust) + static_cast<uint64_t>(offset));
        else
            write_msr(msr::tsc, read_tsc() + static_cast<uint64_t>(offset));
    }
}

} // namespace skerry
