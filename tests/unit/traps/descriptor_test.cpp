// SPDX-License-Identifier: MIT
// Which descriptors a guest may have, and what a bounce frame shows.
#include "arch/x86_64/segments.h"
#include "pv_mmu/entry_rules.h"
#include "traps/vectors.h"

#include <gtest/gtest.h>

using namespace skerry;

namespace {
bool allowed(uint64_t value) { return rules::judge_descriptor(value); }
uint64_t fixed(uint64_t value) {
    EXPECT_TRUE(rules::judge_descriptor(value));
    return value;
}
} // namespace

TEST(Descriptors, CodeAndDataRunInRing3) {
    EXPECT_EQ(fixed(descriptor::core_code64), descriptor::guest_code64);
    EXPECT_EQ(fixed(descriptor::guest_data), descriptor::guest_data);
    EXPECT_EQ(fixed(0x00cf92000000ffff), 0x00cff2000000ffffu);
}

TEST(Descriptors, AbsentOnesAreHarmless) {
    EXPECT_EQ(fixed(0), 0u);
    EXPECT_EQ(fixed(0x0000090000000067), 0x0000090000000067u); // a TSS, not present
}

TEST(Descriptors, SystemSegmentsAreRefused) {
    EXPECT_FALSE(allowed(descriptor::system_low(descriptor::type_available_tss, 0x1000, 103)));
    EXPECT_FALSE(allowed(descriptor::system_low(descriptor::type_ldt, 0x1000, 103)));
    EXPECT_FALSE(allowed(descriptor::system_low(11, 0x1000, 103))); // busy TSS
    EXPECT_FALSE(allowed(descriptor::system_low(12, 0x1000, 103))); // call gate
    EXPECT_FALSE(allowed(descriptor::system_low(14, 0x1000, 103))); // interrupt gate
    EXPECT_FALSE(allowed(descriptor::system_low(15, 0x1000, 103))); // trap gate
    EXPECT_FALSE(allowed(descriptor::system_low(5, 0x1000, 103)));  // task gate
}

TEST(BounceFrame, FlagsShowTheEventMask) {
    constexpr uint64_t interrupts = 1 << 9, iopl3 = 3 << 12;
    EXPECT_EQ(bounce::shown_rflags(0x246, false, false, 0), 0x246u);
    EXPECT_EQ(bounce::shown_rflags(0x246, true, false, 3), 0x046u);
    EXPECT_EQ(bounce::shown_rflags(0x46, false, false, 0), 0x46u | interrupts);
    EXPECT_EQ(bounce::shown_rflags(0x246, false, true, 3), 0x246u | iopl3);
}

TEST(BounceFrame, CodeSegmentShowsModeAndMask) {
    EXPECT_EQ(bounce::shown_cs(selector::ring3_code64, true, 0), 0xe030u);
    EXPECT_EQ(bounce::shown_cs(selector::ring3_code64, false, 1), 0x10000e033u);
}
