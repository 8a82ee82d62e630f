// SPDX-License-Identifier: MIT
// A CPU's TSC is measured against the boot CPU's by passing a word back and forth: the boot CPU's reading lies between
// two of the other's, so the offset is known to half the round trip. Only what is beyond doubt is corrected.
#include "arch/x86_64/features.h"
#include "arch/x86_64/msr.h"
#include "arch/x86_64/time.h"
#include "base/log.h"

#include <atomic>

namespace skerry {

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
