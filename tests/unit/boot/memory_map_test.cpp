// SPDX-License-Identifier: MIT
#include "boot/memory_ranges.h"

#include <gtest/gtest.h>
#include <vector>

namespace skerry {
namespace {

std::vector<MemoryRegion> finish(MemoryMapBuilder& builder) {
    auto regions = builder.finish();
    return {regions.begin(), regions.end()};
}

TEST(MemoryMap, SortsAndJoins) {
    MemoryMapBuilder builder;
    builder.add(0x100000, 0x100000, 1);
    builder.add(0, 0x9fc00, 1);
    builder.add(0x200000, 0x100000, 1);
    builder.add(0x9fc00, 0x400, 2);
    auto map = finish(builder);
    ASSERT_EQ(map.size(), 3u);
    EXPECT_EQ(map[0].kind, MemoryKind::ram);
    EXPECT_EQ(map[1].kind, MemoryKind::reserved);
    EXPECT_EQ(map[2].start, 0x100000u);
    EXPECT_EQ(map[2].size, 0x200000u);
}

TEST(MemoryMap, WhereEntriesDisagreeRamLoses) {
    MemoryMapBuilder builder;
    builder.add(0, 0x100000, 1);
    builder.add(0x40000, 0x10000, 3);
    builder.add(0x48000, 0x10000, 2);
    auto map = finish(builder);
    ASSERT_EQ(map.size(), 4u);
    EXPECT_EQ(map[1].kind, MemoryKind::acpi_tables);
    EXPECT_EQ(map[1].size, 0x8000u);
    EXPECT_EQ(map[2].kind, MemoryKind::reserved);
    EXPECT_EQ(map[2].size, 0x10000u);
    EXPECT_EQ(map[3].start, 0x58000u);
}

TEST(MemoryMap, UnknownKindsAreReservedAndNonsenseIsDropped) {
    MemoryMapBuilder builder;
    builder.add(0, 0x1000, 77);
    builder.add(~uint64_t{0} - 10, 100, 1);
    builder.add(0x5000, 0, 1);
    auto map = finish(builder);
    ASSERT_EQ(map.size(), 1u);
    EXPECT_EQ(map[0].kind, MemoryKind::reserved);
    EXPECT_EQ(builder.dropped(), 1u);
}

TEST(MemoryMap, TooManyEntriesAreCounted) {
    MemoryMapBuilder builder;
    for (uint64_t i = 0; i < max_memory_regions + 3; ++i) builder.add(i * 0x2000, 0x1000, 1);
    EXPECT_EQ(finish(builder).size(), max_memory_regions);
    EXPECT_EQ(builder.dropped(), 3u);
}

} // namespace
} // namespace skerry
