// SPDX-License-Identifier: MIT
#include "stubdoms/pv-boot/bundle_reader.h"

#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace skerry::bundle {
namespace {

using start_in_place::Bytes;

std::vector<std::byte> pack(const BundleHeader& header) {
    std::vector<std::byte> module(header.total_bytes);
    std::memcpy(module.data(), &header, sizeof(header));
    return module;
}

Bytes view(const std::vector<std::byte>& module) { return Bytes(std::span<const std::byte>(module)); }

std::string complaint(const BundleHeader& header, std::size_t module_bytes = 0x5000) {
    std::vector<std::byte> module(module_bytes);
    std::memcpy(module.data(), &header, std::min(sizeof(header), module_bytes));
    const auto result = read(view(module));
    return result ? "" : result.failure().what;
}

TEST(Bundle, KernelAndRamdisk) {
    const BundleHeader header = make_header(0x1234, 77);
    const auto module = pack(header);
    const auto contents = read(view(module));
    ASSERT_TRUE(contents) << contents.failure().what;
    EXPECT_EQ(contents->kernel.data(), module.data() + 0x1000);
    EXPECT_EQ(contents->kernel.size(), 0x1234u);
    EXPECT_EQ(contents->ramdisk.data(), module.data() + 0x3000);
    EXPECT_EQ(contents->ramdisk.size(), 77u);
}

TEST(Bundle, KernelAlone) {
    const auto module = pack(make_header(1, 0));
    const auto contents = read(view(module));
    ASSERT_TRUE(contents);
    EXPECT_EQ(contents->kernel.size(), 1u);
    EXPECT_EQ(contents->ramdisk.size(), 0u);
}

TEST(Bundle, HeaderIsChecked) {
    BundleHeader header = make_header(0x1000, 0x1000);
    EXPECT_EQ(complaint(header), "");
    EXPECT_NE(complaint(header, 100), "");    // shorter than a header
    EXPECT_NE(complaint(header, 0x2fff), ""); // cut off
    header.magic ^= 1;
    EXPECT_NE(complaint(header), "");
    header = make_header(0x1000, 0x1000);
    header.version = 2;
    EXPECT_NE(complaint(header), "");
    for (std::uint32_t count : {0u, max_entries + 1, ~0u}) {
        header = make_header(0x1000, 0x1000);
        header.entry_count = count;
        EXPECT_NE(complaint(header), "") << count;
    }
}

TEST(Bundle, EntriesAreChecked) {
    const auto spoilt = [](auto spoil) {
        BundleHeader header = make_header(0x1000, 0x1000);
        spoil(header.entries[1]);
        return complaint(header);
    };
    EXPECT_NE(spoilt([](BundleEntry& e) { e.kind = 9; }), "");
    EXPECT_NE(spoilt([](BundleEntry& e) { e.kind = 1; }), ""); // a second kernel
    EXPECT_NE(spoilt([](BundleEntry& e) { e.reserved = 1; }), "");
    EXPECT_NE(spoilt([](BundleEntry& e) { e.bytes = 0; }), "");
    EXPECT_NE(spoilt([](BundleEntry& e) { e.bytes = ~0ull; }), "");
    EXPECT_NE(spoilt([](BundleEntry& e) { e.bytes = 0x1001; }), "");
    EXPECT_NE(spoilt([](BundleEntry& e) { e.offset = 0; }), "");
    EXPECT_NE(spoilt([](BundleEntry& e) { e.offset = 0x1800; }), "");
    EXPECT_NE(spoilt([](BundleEntry& e) { e.offset = 0x1000; }), ""); // overlaps the kernel
    EXPECT_NE(spoilt([](BundleEntry& e) { e.offset = ~0xfffull; }), "");
}

TEST(Bundle, RamdiskAloneIsNoBundle) {
    BundleHeader header = make_header(0x1000, 0);
    header.entries[0].kind = static_cast<std::uint32_t>(EntryKind::ramdisk);
    EXPECT_NE(complaint(header), "");
}

} // namespace
} // namespace skerry::bundle
