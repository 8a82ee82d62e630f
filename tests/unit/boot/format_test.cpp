// SPDX-License-Identifier: MIT
#include "base/log.h"

#include <gtest/gtest.h>
#include <string>

namespace skerry {
namespace {

template <typename... Args> std::string formatted(const char* format, Args... args) {
    char buffer[100];
    size_t length = format_text(buffer, sizeof(buffer), format, args...);
    EXPECT_EQ(length, std::string(buffer).size());
    return buffer;
}

TEST(Format, Numbers) {
    EXPECT_EQ(formatted("%d %u %x", -5, 7u, 0xbeefu), "-5 7 beef");
    EXPECT_EQ(formatted("%ld %lu %lx", -5000000000L, 5000000000UL, 0xffff830000000000UL),
              "-5000000000 5000000000 ffff830000000000");
    EXPECT_EQ(formatted("%d", -2147483647 - 1), "-2147483648");
    EXPECT_EQ(formatted("%zu", size_t{3}), "3");
}

TEST(Format, Widths) {
    EXPECT_EQ(formatted("%03lu|%04x|%02u", 7UL, 0x1fu, 123u), "007|001f|123");
    EXPECT_EQ(formatted("%016lx", 0x1234UL), "0000000000001234");
}

TEST(Format, Text) {
    EXPECT_EQ(formatted("%s %s%%", "yes", "x"), "yes x%");
    const char* volatile nothing = nullptr; // volatile: hidden from the compiler's own check
    EXPECT_EQ(formatted("%s", static_cast<const char*>(nothing)), "(null)");
}

TEST(Format, CutsAtTheEndOfTheBuffer) {
    char buffer[6];
    EXPECT_EQ(format_text(buffer, sizeof(buffer), "%s", "long text"), 5u);
    EXPECT_STREQ(buffer, "long ");
    EXPECT_EQ(format_text(buffer, 0, "x"), 0u);
}

} // namespace
} // namespace skerry
