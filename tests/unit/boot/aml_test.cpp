// SPDX-License-Identifier: MIT
#include "boot/aml.h"

#include <gtest/gtest.h>
#include <string>

namespace skerry {
namespace {

std::optional<SleepType> find(const std::string& bytes) {
    return find_s5({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

TEST(Aml, FindsTheSleepTypes) {
    auto type = find(std::string("junk\x08_S5_\x12\x08\x04\x0a\x05\x0a\x07\x00\x00", 18));
    ASSERT_TRUE(type);
    EXPECT_EQ(type->a, 5);
    EXPECT_EQ(type->b, 7);
}

TEST(Aml, ThePackageMayEndTheBlock) {
    auto type = find(std::string("\x08\\_S5_\x12\x06\x04\x01\x00\x00\x00", 13));
    ASSERT_TRUE(type);
    EXPECT_EQ(type->a, 1);
    EXPECT_EQ(type->b, 0);
}

TEST(Aml, ALongLengthIsSkipped) {
    auto type = find(std::string("_S5_\x12\x47\x00\x02\x0a\x03\x01", 11));
    ASSERT_TRUE(type);
    EXPECT_EQ(type->a, 3);
    EXPECT_EQ(type->b, 1);
}

TEST(Aml, ACutPackageIsNone) {
    const std::string whole("_S5_\x12\xc7\x00\x00\x00\x02\x0a\x03\x01", 13);
    EXPECT_TRUE(find(whole));
    for (size_t length = 0; length < whole.size(); ++length) EXPECT_FALSE(find(whole.substr(0, length))) << length;
}

TEST(Aml, OtherNamesAreNotIt) {
    EXPECT_FALSE(find(std::string("_S4_\x12\x06\x04\x00\x00\x00\x00", 11)));
    EXPECT_FALSE(find(std::string("_S5_\x14\x06\x04\x00\x00\x00\x00", 11)));
}

} // namespace
} // namespace skerry
