// SPDX-License-Identifier: MIT
// Reference clocks: IA-PC HPET specification 1.0a; ACPI 4.8.3.3 (PM timer); Intel 8254.
#include "arch/x86_64/time.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/clock_sources.h"
#include "arch/x86_64/core_page_tables.h"
#include "arch/x86_64/cpuid.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/msr.h"
#include "base/log.h"

#include <atomic>

namespace skerry {

constinit ClockSources clock_sources;
constinit TscScale tsc_scale{0, 0};
constinit uint64_t tsc_at_start = 0;
constinit uint64_t tsc_hertz = 0;
constinit WallClock wall_clock_at_start{0, 0};

namespace {

TscScale apic_ticks_per_ns{0, 0}; // the inverse direction: ticks = ns * multiplier >> 32, shifted
TscScale tsc_ticks_per_ns{0, 0};

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
    if (!clock_sources.hpet.value)
        return false;
    hpet_registers = static_cast<volatile uint32_t*>(map_mmio(clock_sources.hpet, 0x400));
    if (!hpet_registers)
        return false;
    uint32_t femtoseconds = hpet_registers[1];
    if (femtoseconds == 0 || femtoseconds > 100'000'000 || hpet_registers[0] == ~0u)
        return false;
    hpet_registers[0x10 / 4] = hpet_registers[0x10 / 4] | 1; // enable
    clock = {"HPET", uint64_t{1'000'000'000'000'000} / femtoseconds, 0xffffffff, read_hpet};
    return true;
}

bool start_pm_timer(ReferenceClock& clock) {
    if (!clock_sources.pm_timer_port)
        return false;
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
        if (((clock.read() - first) & clock.mask) > 1)
            return true;
    return false;
}

struct Reading {
    uint64_t tsc;
    uint32_t reference;
    uint32_t apic;
};

// All three at about one moment: of several attempts the one that took the least time (a hypervisor below us, or an SMI,
// may have taken the CPU away in the others).
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

uint64_t muldiv(uint64_t a, uint64_t b, uint64_t c) {
    uint64_t high, low, quotient, remainder;
    asm("mulq %3" : "=a"(low), "=d"(high) : "a"(a), "r"(b));
    if (high >= c)
        return ~uint64_t{0};
    asm("divq %4" : "=a"(quotient), "=d"(remainder) : "a"(low), "d"(high), "r"(c));
    return quotient;
}

constexpr uint64_t calibration_hz = 25; // 40 ms: within a few parts per million with a clock of 10 MHz

void measure(const ReferenceClock& clock, uint64_t& apic_hertz) {
    apic_timer_start(~0u);
    Reading start = read_all(clock);
    uint64_t goal = clock.hertz / calibration_hz;
    while (((clock.read() - start.reference) & clock.mask) < goal)
        pause();
    Reading end = read_all(clock);
    apic_timer_start(0);
    uint64_t elapsed = (end.reference - start.reference) & clock.mask;
    tsc_hertz = muldiv(end.tsc - start.tsc, clock.hertz, elapsed);
    apic_hertz = muldiv(start.apic - end.apic, clock.hertz, elapsed);
}

// Leaf 0x15 states the frequency exactly on CPUs that know it.
uint64_t tsc_hertz_by_cpuid() {
    if (cpu_features.hypervisor || cpuid(0).eax < 0x15)
        return 0;
    CpuidLeaf leaf = cpuid(0x15);
    return leaf.eax && leaf.ebx && leaf.ecx ? muldiv(leaf.ecx, leaf.ebx, leaf.eax) : 0;
}

// --- the battery clock ---

uint8_t read_cmos(uint8_t r) {
    out8(0x70, r);
    return in8(0x71);
}

uint64_t seconds_since_1970(uint64_t year, uint64_t month, uint64_t day, uint64_t hour, uint64_t minute, uint64_t second) {
    // Days by the civil calendar, with years that begin in March.
    year -= month <= 2;
    uint64_t era = year / 400, year_of_era = year % 400;
    uint64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    uint64_t days = era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
    return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

uint64_t read_battery_clock() {
    struct Fields {
        uint8_t second, minute, hour, day, month, year, century;
        bool operator==(const Fields&) const = default;
    };
    auto read = [] {
        for (unsigned i = 0; i < 100'000 && read_cmos(0x0a) & 0x80; ++i) // an update is in progress
            pause();
        uint8_t century = clock_sources.century_register ? read_cmos(clock_sources.century_register) : 0;
        return Fields{read_cmos(0), read_cmos(2), read_cmos(4), read_cmos(7), read_cmos(8), read_cmos(9), century};
    };
    Fields f = read();
    for (Fields again = read(); !(f == again); again = read())
        f = again;
    uint8_t format = read_cmos(0x0b);
    bool binary = format & 4, full_day = format & 2;
    auto value = [&](uint8_t v) -> uint64_t { return binary ? v : (v >> 4) * 10u + (v & 15); };
    uint64_t hour = value(f.hour & 0x7f);
    if (!full_day)
        hour = hour % 12 + (f.hour & 0x80 ? 12 : 0);
    uint64_t year = value(f.year) + (f.century ? value(f.century) * 100 : 2000);
    if (!f.month || !f.day)
        return 0;
    return seconds_since_1970(year, value(f.month), value(f.day), hour, value(f.minute), value(f.second));
}

// now() as ticks of a clock with the given scale, rounded up.
uint64_t ticks_in(const TscScale& scale, Nanoseconds ns) { return scale.to_ns(ns) + 1; }

// How many ticks of `hertz` a nanosecond is, in the form of a scale.
TscScale inverse_scale(uint64_t hertz) {
    // ticks = ns * hertz / 10^9: the scale of a clock whose "nanoseconds" are those ticks.
    TscScale scale{0, 0};
    uint64_t numerator = hertz, denominator = 1'000'000'000;
    while (numerator >= denominator) {
        denominator <<= 1;
        ++scale.shift;
    }
    scale.multiplier = static_cast<uint32_t>(muldiv(numerator, uint64_t{1} << 32, denominator));
    return scale;
}

} // namespace

TscScale scale_for_frequency(uint64_t hertz) {
    TscScale scale{0, 0};
    // multiplier = 10^9 * 2^32 / hertz, normalised to 31..32 bits.
    uint64_t ticks = hertz;
    while (ticks > 2'000'000'000) {
        ticks >>= 1;
        --scale.shift;
    }
    while (ticks <= 1'000'000'000) {
        ticks <<= 1;
        ++scale.shift;
    }
    // From the unshifted frequency, so that no bit of it is lost: 10^9 * 2^(32 - shift) / hertz.
    uint64_t numerator = uint64_t{1} << 32;
    scale.multiplier = static_cast<uint32_t>(
        scale.shift <= 0 ? muldiv(1'000'000'000ull << -scale.shift, numerator, hertz)
                         : muldiv(1'000'000'000ull, numerator, hertz << scale.shift));
    return scale;
}

const char* calibrate_clocks() {
    ReferenceClock clock{};
    bool found = (start_hpet(clock) && is_counting(clock)) || (start_pm_timer(clock) && is_counting(clock)) ||
                 (start_pit(clock) && is_counting(clock));
    if (!found)
        return "no reference clock works (HPET, ACPI PM timer, PIT)";
    uint64_t apic_hertz;
    measure(clock, apic_hertz);
    if (uint64_t exact = tsc_hertz_by_cpuid())
        tsc_hertz = exact;
    if (tsc_hertz < 1'000'000 || (!cpu_features.tsc_deadline && apic_hertz < 1'000'000))
        return "the TSC or the APIC timer does not run";
    tsc_scale = scale_for_frequency(tsc_hertz);
    tsc_ticks_per_ns = inverse_scale(tsc_hertz);
    apic_ticks_per_ns = inverse_scale(apic_hertz);
    wall_clock_at_start = {read_battery_clock(), 0};
    tsc_at_start = read_tsc();
    log(LogLevel::info, "TSC at %lu.%03lu MHz by %s%s", tsc_hertz / 1'000'000, tsc_hertz / 1000 % 1000, clock.name,
        cpu_features.invariant_tsc ? "" : " (not declared invariant)");
    return nullptr;
}

void set_timer_deadline(Nanoseconds deadline) {
    if (cpu_features.tsc_deadline) {
        apic_timer_deadline(deadline == no_deadline ? 0 : tsc_at_start + ticks_in(tsc_ticks_per_ns, deadline));
        return;
    }
    if (deadline == no_deadline) {
        apic_timer_start(0);
        return;
    }
    Nanoseconds time = now();
    Nanoseconds left = deadline > time ? deadline - time : 0;
    constexpr Nanoseconds longest = 1'000'000'000; // fires early, the handler arms it again
    uint64_t ticks = ticks_in(apic_ticks_per_ns, left < longest ? left : longest);
    apic_timer_start(ticks < ~0u ? static_cast<uint32_t>(ticks) : ~0u);
}

void delay_us(uint32_t microseconds) {
    uint64_t ticks = tsc_hertz / 1'000'000 * microseconds;
    for (uint64_t start = read_tsc(); read_tsc() - start < ticks;)
        pause();
}

// --- TSC of the other CPUs ---
// A CPU's TSC is measured against the boot CPU's by passing a word back and forth: the boot CPU's reading lies between two of
// the other's, so the offset is known to half the round trip. Only what is beyond doubt is corrected.

namespace {

std::atomic<uint32_t> turn{0}; // counts on and on; from the start of a CPU's measurement odd: the boot CPU's
std::atomic<uint64_t> boot_tsc{0};
constexpr unsigned rounds = 64;
constexpr unsigned passes = 2; // measure and correct, measure again

void wait_for_turn(uint32_t value) {
    while (turn.load(std::memory_order_acquire) != value)
        pause();
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
        if (distance <= uncertainty)
            continue;
        if (pass == passes - 1)
            log(LogLevel::warning, "this CPU's TSC is %ld ticks off and cannot be corrected", -offset);
        else if (cpu_features.tsc_adjust)
            write_msr(msr::tsc_adjust, read_msr(msr::tsc_adjust) + static_cast<uint64_t>(offset));
        else
            write_msr(msr::tsc, read_tsc() + static_cast<uint64_t>(offset));
    }
}

} // namespace skerry
