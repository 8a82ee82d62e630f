// SPDX-License-Identifier: MIT
#include "arch/x86_64/time.h"

#include <cmath>
#include <gtest/gtest.h>

namespace skerry {
namespace {

class EveryFrequency : public testing::TestWithParam<uint64_t> {};

TEST_P(EveryFrequency, ASecondOfTicksIsASecond) {
    uint64_t hertz = GetParam();
    TscScale scale = scale_between(hertz, 1'000'000'000);
    EXPECT_NEAR(static_cast<double>(scale.to_ns(hertz)), 1e9, 2.0) << "multiplier " << scale.multiplier;
    EXPECT_NEAR(static_cast<double>(scale.to_ns(hertz * 1000)), 1e12, 2000.0);
}

TEST_P(EveryFrequency, TheInverseGivesTheTicksBack) {
    uint64_t hertz = GetParam();
    TscScale inverse = scale_between(1'000'000'000, hertz);
    double ticks = static_cast<double>(inverse.to_ns(1'000'000'000));
    EXPECT_NEAR(ticks / static_cast<double>(hertz), 1.0, 2e-9 + 1.0 / static_cast<double>(hertz));
}

INSTANTIATE_TEST_SUITE_P(TimeScale, EveryFrequency,
                         testing::Values(1'000'000, 3'579'545, 62'500'000, 999'999'999, 1'000'000'000, 1'000'000'001,
                                         2'596'121'000, 4'000'000'000, 5'700'000'000, 1'000'000'000'000));

TEST(Calendar, KnownMoments) {
    EXPECT_EQ(seconds_since_1970(1970, 1, 1, 0, 0, 0), 0u);
    EXPECT_EQ(seconds_since_1970(2000, 2, 29, 23, 59, 59), 951'868'799u);
    EXPECT_EQ(seconds_since_1970(2000, 3, 1, 0, 0, 0), 951'868'800u);
    EXPECT_EQ(seconds_since_1970(2038, 1, 19, 3, 14, 8), 2'147'483'648u);
    EXPECT_EQ(seconds_since_1970(2100, 3, 1, 0, 0, 0), 4'107'542'400u);
}

TEST(MultiplyDivide, KeepsAllBitsAndSaturates) {
    EXPECT_EQ(multiply_divide(~uint64_t{0}, 10, 10), ~uint64_t{0});
    EXPECT_EQ(multiply_divide(uint64_t{1} << 63, 4, 8), uint64_t{1} << 62);
    EXPECT_EQ(multiply_divide(~uint64_t{0}, ~uint64_t{0}, 2), ~uint64_t{0});
}

} // namespace
} // namespace skerry
