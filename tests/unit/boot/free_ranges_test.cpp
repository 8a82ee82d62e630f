// SPDX-License-Identifier: MIT
#include "boot/memory_ranges.h"

#include <gtest/gtest.h>
#include <random>
#include <set>

namespace skerry {
namespace {

TEST(FreeRanges, TakesTheHighestThatFitsBelowTheLimit) {
    FreeRanges ranges;
    ASSERT_TRUE(ranges.add(0, 999).ok());
    ASSERT_TRUE(ranges.add(5000, 5999).ok());
    EXPECT_EQ(ranges.take(1), Mfn(5999));
    EXPECT_EQ(ranges.take(1, 1, 2000), Mfn(999));
    EXPECT_EQ(ranges.take(100, 512), Mfn(5632));
    EXPECT_EQ(ranges.take(2000), invalid_mfn);
    EXPECT_EQ(ranges.take(1, 1, 0), invalid_mfn);
    EXPECT_EQ(ranges.frames(), 2000u - 102);
}

TEST(FreeRanges, ACutThatDoesNotFitIsNotMade) {
    FreeRanges ranges;
    for (uint64_t i = 0; i < max_free_ranges; ++i) ASSERT_TRUE(ranges.add(i * 10, i * 10 + 4).ok());
    EXPECT_EQ(ranges.take(1, 4), Mfn(2544)) << "the highest that is not in the middle of a range";
    EXPECT_EQ(ranges.take(1), Mfn(2554));
    EXPECT_EQ(ranges.frames(), max_free_ranges * 5 - 2);
}

TEST(FreeRanges, WhatIsTakenWasFreeAndIsNotAnyMore) {
    std::mt19937 random(1);
    FreeRanges ranges;
    std::set<uint64_t> model;
    for (int step = 0; step < 5000; ++step) {
        uint64_t first = random() % 400, count = 1 + random() % 20, alignment = uint64_t{1} << random() % 5;
        if (random() % 2) {
            ASSERT_TRUE(ranges.add(first, first + count - 1).ok());
            for (uint64_t i = 0; i < count; ++i) model.insert(first + i);
        } else if (Mfn taken = ranges.take(count, alignment, first + 200); taken != invalid_mfn) {
            EXPECT_EQ(taken.value % alignment, 0u);
            EXPECT_LE(taken.value + count, first + 200);
            for (uint64_t i = 0; i < count; ++i) ASSERT_EQ(model.erase(taken.value + i), 1u);
        }
        std::set<uint64_t> now;
        uint64_t last_end = 0;
        for (auto range : ranges.all()) {
            ASSERT_TRUE(now.empty() || range.first > last_end); // sorted, with gaps
            last_end = range.last + 1;
            for (uint64_t frame = range.first; frame <= range.last; ++frame) now.insert(frame);
        }
        ASSERT_EQ(now, model);
    }
}

} // namespace
} // namespace skerry
