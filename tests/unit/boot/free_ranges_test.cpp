// SPDX-License-Identifier: MIT
#include "boot/free_ranges.h"

#include <gtest/gtest.h>
#include <random>
#include <set>

namespace skerry {
namespace {

TEST(FreeRanges, NeighboursJoin) {
    FreeRanges ranges;
    ranges.add({10, 5});
    ranges.add({20, 5});
    ranges.add({15, 5});
    ASSERT_EQ(ranges.all().size(), 1u);
    EXPECT_EQ(ranges.all()[0].first, 10u);
    EXPECT_EQ(ranges.all()[0].count, 15u);
}

TEST(FreeRanges, RemovingFromTheMiddleSplits) {
    FreeRanges ranges;
    ranges.add({0, 100});
    ranges.remove({40, 20});
    ASSERT_EQ(ranges.all().size(), 2u);
    EXPECT_EQ(ranges.all()[0].end(), 40u);
    EXPECT_EQ(ranges.all()[1].first, 60u);
    EXPECT_EQ(ranges.frames(), 80u);
}

TEST(FreeRanges, RemovingMayCoverSeveralAndNothing) {
    FreeRanges ranges;
    ranges.add({10, 10});
    ranges.add({30, 10});
    ranges.add({50, 10});
    ranges.remove({15, 40});
    EXPECT_EQ(ranges.frames(), 10u);
    ranges.remove({1000, 10});
    EXPECT_EQ(ranges.frames(), 10u);
}

TEST(FreeRanges, TakesTheHighestThatFitsBelowTheLimit) {
    FreeRanges ranges;
    ranges.add({0, 1000});
    ranges.add({5000, 1000});
    EXPECT_EQ(ranges.take(1), Mfn(5999));
    EXPECT_EQ(ranges.take(1, 1, 2000), Mfn(999));
    EXPECT_EQ(ranges.take(100, 512), Mfn(5632));
    EXPECT_EQ(ranges.take(2000), invalid_mfn);
    EXPECT_EQ(ranges.take(1, 1, 0), invalid_mfn);
}

TEST(FreeRanges, ARangeTooManyIsCountedAsLost) {
    FreeRanges ranges;
    for (uint64_t i = 0; i < FreeRanges::max_ranges; ++i) ranges.add({i * 10, 1});
    ranges.add({100'000, 7});
    EXPECT_EQ(ranges.lost(), 7u);
    EXPECT_EQ(ranges.all().size(), FreeRanges::max_ranges);
}

TEST(FreeRanges, AgreesWithASetOfNumbers) {
    std::mt19937 random(1);
    FreeRanges ranges;
    std::set<uint64_t> model;
    for (int step = 0; step < 5000; ++step) {
        uint64_t first = random() % 400, count = random() % 20;
        if (random() % 2) {
            ranges.remove({first, count});
            for (uint64_t i = 0; i < count; ++i) model.erase(first + i);
        } else {
            for (uint64_t i = 0; i < count; ++i)
                if (model.insert(first + i).second) ranges.add({first + i, 1});
        }
        std::set<uint64_t> now;
        uint64_t last_end = 0;
        for (const FrameRange& range : ranges.all()) {
            ASSERT_GT(range.count, 0u);
            ASSERT_TRUE(now.empty() || range.first > last_end); // sorted, with gaps
            last_end = range.end();
            for (uint64_t i = 0; i < range.count; ++i) now.insert(range.first + i);
        }
        ASSERT_EQ(now, model);
    }
}

} // namespace
} // namespace skerry
