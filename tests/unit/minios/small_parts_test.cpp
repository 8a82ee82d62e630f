// SPDX-License-Identifier: MIT
#include "minios/kernel/address_ranges.h"
#include "minios/kernel/command_line.h"

#include <minios/backends/service_page.h>
#include <minios/console.h>

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

namespace {

TEST(AddressRanges, AllocatesReleasesAndJoins) {
    minios::AddressRanges<8> ranges(0x10000, 0x10000);
    const auto a = ranges.allocate(0x1000), b = ranges.allocate(0x2000), c = ranges.allocate(0x1000);
    EXPECT_EQ(a, 0x10000u);
    EXPECT_EQ(b, 0x11000u);
    EXPECT_TRUE(ranges.release(a, 0x1000));
    EXPECT_TRUE(ranges.release(c, 0x1000));
    EXPECT_FALSE(ranges.release(a, 0x1000)) << "free already";
    EXPECT_TRUE(ranges.release(b, 0x2000));
    EXPECT_EQ(ranges.range_count(), 1u);
    EXPECT_EQ(ranges.allocate(0x10000), 0x10000u);
    EXPECT_EQ(ranges.allocate(1), 0u);
}

TEST(AddressRanges, LosesAddressSpaceRatherThanCorrupt) {
    minios::AddressRanges<2> ranges(0x1000, 0x10000);
    std::uint64_t pieces[16];
    for (auto& piece : pieces) piece = ranges.allocate(0x1000);
    for (int i = 0; i < 16; i += 2) EXPECT_TRUE(ranges.release(pieces[i], 0x1000));
    EXPECT_LE(ranges.range_count(), 2u);
}

std::vector<std::string> split(std::string text, std::size_t most = 16) {
    std::vector<char*> words(most);
    words.resize(minios::split_words(text.data(), words.data(), most));
    return {words.begin(), words.end()};
}

TEST(CommandLine, Splits) {
    using Words = std::vector<std::string>;
    EXPECT_EQ(split(""), Words{});
    EXPECT_EQ(split("  a  bc "), (Words{"a", "bc"}));
    EXPECT_EQ(split("x='a b' \"c d\"e ''"), (Words{"x=a b", "c de", ""}));
    EXPECT_EQ(split("'open end"), (Words{"open end"}));
    EXPECT_EQ(split("1 2 3", 2), (Words{"1", "2"}));
}

template <class... Arguments> void same_as_host(const char* format, Arguments... arguments) {
    char ours[128], host[128];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    const int our_length = minios::format_to(ours, sizeof ours, format, arguments...);
    const int host_length = std::snprintf(host, sizeof host, format, arguments...);
#pragma GCC diagnostic pop
    EXPECT_STREQ(ours, host) << format;
    EXPECT_EQ(our_length, host_length) << format;
}

TEST(Format, AgreesWithTheHost) {
    for (const char* format : {"%d", "%5d|", "%-5d|", "%05d", "%+d", "% d", "%.3d", "%8.3d|", "%x", "%#x", "%#X",
                               "%08x", "%o", "%#o", "%u", "%.0d"})
        for (int value : {0, 1, -1, 42, -12345, 2147483647, -2147483647 - 1}) same_as_host(format, value);
    for (const char* format : {"%ld", "%lx", "%016lx", "%lu", "%zu", "%jd", "%lld"})
        for (long value : {0l, -1l, 1234567890123l}) same_as_host(format, value);
    for (const char* format : {"%hd", "%hhd", "%hu", "%hhx"})
        for (int value : {0, -1, 300, 70000}) same_as_host(format, value);
    for (const char* format : {"%s", "%10s|", "%-10s|", "%.2s"}) same_as_host(format, "text");
    same_as_host("%*d|%-*d|", 6, 42, 6, 42);
    same_as_host("%.*s", 3, "abcdef");
    same_as_host("%c%c%%", 'a', 'b');
    same_as_host("%p", reinterpret_cast<void*>(0x1234));
}

TEST(Format, NeverWritesBeyondTheBuffer) {
    char buffer[8] = "1234567";
    EXPECT_EQ(minios::format_to(buffer, 4, "%s", "abcdef"), 6);
    EXPECT_STREQ(buffer, "abc");
    EXPECT_EQ(buffer[4], '5');
    EXPECT_EQ(minios::format_to(nullptr, 0, "%d", 123), 3);
}

bool parse(const char* text) {
    minios::backends::GuestAddress address;
    return minios::backends::parse_guest_address(text, address);
}

TEST(GuestAddress, Parses) {
    minios::backends::GuestAddress address;
    ASSERT_TRUE(minios::backends::parse_guest_address("12:345:my-guest_1.x", address));
    EXPECT_EQ(address.domain.value, 12);
    EXPECT_EQ(address.remote_port.value, 345u);
    EXPECT_STREQ(address.name, "my-guest_1.x");
}

TEST(GuestAddress, RefusesTheRest) {
    for (const char* text :
         {"", ":", "1", "1:2", "1:2:", ":2:a", "1::a", "x:2:a", "1:2:a b", "1:2:\033[0m", "32752:1:a", "1:0:a",
          "1:131072:a", "99999999999999999999:1:a", "1:2:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "-1:2:a"})
        EXPECT_FALSE(parse(text)) << text;
    EXPECT_TRUE(parse("32751:131071:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

} // namespace
