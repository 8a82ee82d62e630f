// SPDX-License-Identifier: MIT
#include "domain/range_set.h"

#include <gtest/gtest.h>
#include <random>
#include <set>

namespace skerry {
namespace {

TEST(RangeSet, MergesNeighboursAndOverlaps) {
    RangeSet<4> set;
    ASSERT_TRUE(set.add(10, 19).ok());
    ASSERT_TRUE(set.add(20, 29).ok());
    ASSERT_TRUE(set.add(5, 12).ok());
    ASSERT_EQ(set.size(), 1u);
    EXPECT_TRUE(set.contains(5, 29));
    EXPECT_FALSE(set.contains(4));
    EXPECT_FALSE(set.contains(29, 30));
}

TEST(RangeSet, TakingTheMiddleOutLeavesTwo) {
    RangeSet<4> set;
    ASSERT_TRUE(set.add(0, 0xffff).ok());
    ASSERT_TRUE(set.remove(0x3f8, 0x3ff).ok());
    EXPECT_FALSE(set.contains(0x3f8));
    EXPECT_FALSE(set.contains(0x3f7, 0x400));
    EXPECT_TRUE(set.contains(0x3f7));
    EXPECT_TRUE(set.contains(0x400, 0xffff));
}

TEST(RangeSet, TheEndsOfTheNumberLineHold) {
    RangeSet<4> set;
    ASSERT_TRUE(set.add(~uint64_t{0}, ~uint64_t{0}).ok());
    ASSERT_TRUE(set.add(0, 0).ok());
    EXPECT_EQ(set.size(), 2u);
    ASSERT_TRUE(set.add(0, ~uint64_t{0}).ok());
    EXPECT_EQ(set.size(), 1u);
    ASSERT_TRUE(set.remove(0, ~uint64_t{0}).ok());
    EXPECT_EQ(set.size(), 0u);
}

TEST(RangeSet, RefusesWhatDoesNotFitAndChangesNothing) {
    RangeSet<2> set;
    ASSERT_TRUE(set.add(0, 9).ok());
    ASSERT_TRUE(set.add(20, 29).ok());
    EXPECT_EQ(set.add(40, 49).error(), Error::no_space);
    EXPECT_EQ(set.remove(3, 5).error(), Error::no_space);
    EXPECT_TRUE(set.contains(0, 9));
    EXPECT_TRUE(set.contains(20, 29));
    EXPECT_FALSE(set.contains(40));
    EXPECT_EQ(set.add(5, 4).error(), Error::invalid);
}

TEST(RangeSet, AgreesWithASimpleModel) {
    std::mt19937 random(1);
    RangeSet<64> set;
    std::set<uint64_t> model;
    for (int step = 0; step < 2000; ++step) {
        uint64_t first = random() % 100, last = first + random() % 10;
        bool add = random() % 2;
        ASSERT_TRUE((add ? set.add(first, last) : set.remove(first, last)).ok());
        for (uint64_t value = first; value <= last; ++value) add ? (void)model.insert(value) : (void)model.erase(value);
        for (uint64_t value = 0; value < 112; ++value) ASSERT_EQ(set.contains(value), model.count(value) == 1) << value;
    }
}

} // namespace
} // namespace skerry
