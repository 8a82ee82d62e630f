// SPDX-License-Identifier: MIT
// Random hostile runs against the reference model. A failure names its seed: SKERRY_SEED=<n> runs that one alone.
#include "hostile_run.h"

#include <cstdlib>
#include <gtest/gtest.h>
#include <random>

namespace skerry {
namespace {

std::string run_seed(unsigned seed, unsigned steps, std::string* statistics = nullptr) {
    std::mt19937 random(seed);
    unsigned bytes = 0;
    HostileRun run([&] { return ++bytes, static_cast<uint8_t>(random() >> 11); }, [&] { return bytes > steps * 16; });
    std::string wrong = run.run(1);
    if (statistics) *statistics = run.statistics();
    return wrong;
}

TEST(HostileRun, RandomOperationsNeverBreakTheModel) {
    if (const char* seed = getenv("SKERRY_SEED")) {
        EXPECT_EQ(run_seed(static_cast<unsigned>(atoi(seed)), 2000), "");
        return;
    }
    const char* wanted = getenv("SKERRY_RUNS");
    const unsigned runs = wanted ? static_cast<unsigned>(atoi(wanted)) : 60;
    for (unsigned seed = 1; seed <= runs; ++seed) ASSERT_EQ(run_seed(seed, 400), "") << "seed " << seed;
}

TEST(HostileRun, ReachesWhatItShould) {
    std::string statistics;
    EXPECT_EQ(run_seed(12345, 4000, &statistics), "");
    for (const char* operation :
         {"pin", "unpin", "take_base", "mmu_update", "mmu_update foreign", "update_va", "trapped write",
          "descriptor page", "guest write", "pin of a built table", "grant map", "grant unmap"}) {
        size_t at = statistics.find(std::string(operation) + ": ");
        ASSERT_NE(at, std::string::npos) << operation;
        EXPECT_GT(atoi(statistics.c_str() + at + strlen(operation) + 2), 3) << statistics;
    }
}

} // namespace
} // namespace skerry
