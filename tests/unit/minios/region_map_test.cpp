// SPDX-License-Identifier: MIT
#include "minios/kernel/region_map.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace {

using minios::page_size;
using minios::Region;
using minios::RegionMap;
using minios::regions::Content;
using minios::regions::Protection;

int arrays;
bool memory_available;

Region* allocate(std::size_t count) {
    if (!memory_available) return nullptr;
    ++arrays;
    return new Region[count];
}
void release(Region* memory, std::size_t) {
    --arrays;
    delete[] memory;
}

class RegionMapTest : public testing::Test {
  protected:
    RegionMapTest() {
        arrays = 0;
        memory_available = true;
    }
    ~RegionMapTest() override {
        if (map.size() > 0 && &map[0] != own) delete[] & map[0];
    }
    static Region region(std::uint64_t first_page, std::uint64_t end_page, Protection protection = Protection::read) {
        return {.first = first_page * page_size, .end = end_page * page_size, .protection = protection};
    }
    static constexpr std::uint64_t at(std::uint64_t page) { return page * page_size; }

    Region own[4];
    RegionMap map{own, 4, allocate, release};
};

TEST_F(RegionMapTest, FindsByAddress) {
    map.insert(region(10, 20));
    map.insert(region(5, 7));
    EXPECT_EQ(map.find(at(4)), RegionMap::none);
    EXPECT_EQ(map.find(at(5)), 0u);
    EXPECT_EQ(map.find(at(7) - 1), 0u);
    EXPECT_EQ(map.find(at(7)), RegionMap::none);
    EXPECT_EQ(map.find(at(19) + 5), 1u);
    EXPECT_EQ(map.first_above(at(7)), 1u);
    EXPECT_EQ(map.first_above(at(20)), 2u);
    EXPECT_TRUE(map.is_free(at(7), at(10)));
    EXPECT_FALSE(map.is_free(at(7), at(11)));
    EXPECT_FALSE(map.is_free(at(6), at(8)));
}

TEST_F(RegionMapTest, GapsAreTheLowestThatFit) {
    map.insert(region(10, 20));
    map.insert(region(22, 30));
    EXPECT_EQ(map.gap(at(2), at(1), at(100)), at(1));
    EXPECT_EQ(map.gap(at(9), at(1), at(100)), at(1));
    EXPECT_EQ(map.gap(at(10), at(1), at(100)), at(30));
    EXPECT_EQ(map.gap(at(2), at(15), at(100)), at(20));
    EXPECT_EQ(map.gap(at(70), at(1), at(100)), at(30));
    EXPECT_EQ(map.gap(at(71), at(1), at(100)), 0u);
    EXPECT_EQ(map.gap(at(1), at(12), at(20)), 0u) << "behind the last region is not within the limits";
    EXPECT_EQ(map.gap(~std::uint64_t{0}, at(1), at(100)), 0u);
}

TEST_F(RegionMapTest, CutsAndJoins) {
    Content content;
    Region whole = region(10, 20);
    whole.content = &content;
    whole.offset = at(3);
    whole.tables = 5;
    map.insert(whole);
    map.split(0, at(14), 2);
    ASSERT_EQ(map.size(), 2u);
    EXPECT_EQ(map[0].end, at(14));
    EXPECT_EQ(map[1].first, at(14));
    EXPECT_EQ(map[1].offset, at(7));
    EXPECT_EQ(map[0].tables, 3u);
    EXPECT_EQ(map[1].tables, 2u);
    EXPECT_TRUE(map.merge_with_previous(1));
    ASSERT_EQ(map.size(), 1u);
    EXPECT_EQ(map[0].end, at(20));
    EXPECT_EQ(map[0].tables, 5u);
}

TEST_F(RegionMapTest, DifferentNeighboursStayApart) {
    Content content, other;
    const auto joins = [&](auto change) {
        RegionMap two{own, 4, allocate, release};
        Region first = region(1, 2), second = region(2, 3);
        first.content = second.content = &content;
        second.offset = at(1);
        change(second);
        two.insert(first);
        two.insert(second);
        return two.merge_with_previous(1);
    };
    EXPECT_TRUE(joins([](Region&) {}));
    EXPECT_FALSE(joins([](Region& r) { r.protection = Protection::none; }));
    EXPECT_FALSE(joins([](Region& r) { r.shared = true; }));
    EXPECT_FALSE(joins([](Region& r) { r.promised = true; }));
    EXPECT_FALSE(joins([](Region& r) { r.lazy = true; }));
    EXPECT_FALSE(joins([](Region& r) { r.never_written = true; }));
    EXPECT_FALSE(joins([&](Region& r) { r.content = &other; }));
    EXPECT_FALSE(joins([](Region& r) { r.offset = at(2); }));
    EXPECT_FALSE(joins([](Region& r) { r.first = at(2) + page_size; }));
}

TEST_F(RegionMapTest, GrowsWhereThereIsMemory) {
    for (std::uint64_t i = 0; i < 4; ++i) map.insert(region(2 * i, 2 * i + 1));
    memory_available = false;
    EXPECT_FALSE(map.make_room(1));
    EXPECT_EQ(map.size(), 4u);
    memory_available = true;
    ASSERT_TRUE(map.make_room(5));
    EXPECT_EQ(arrays, 1);
    for (std::uint64_t i = 4; i < 9; ++i) map.insert(region(2 * i, 2 * i + 1));
    ASSERT_TRUE(map.make_room(30));
    EXPECT_EQ(arrays, 1) << "the smaller array was given back";
    for (std::uint64_t i = 0; i < 9; ++i) EXPECT_EQ(map.find(at(2 * i)), i);
}

// Against a plain map of pages.
TEST_F(RegionMapTest, AsAModelSays) {
    std::mt19937_64 random{42};
    std::map<std::uint64_t, Protection> pages;
    for (int round = 0; round < 5000; ++round) {
        const std::uint64_t first = 1 + random() % 60, end = first + 1 + random() % 8;
        const auto protection = static_cast<Protection>(random() % 3);
        ASSERT_TRUE(map.make_room(4));
        for (const std::uint64_t cut : {first, end})
            if (const auto i = map.find(at(cut)); i != RegionMap::none && map[i].first != at(cut))
                map.split(i, at(cut), 0);
        while (map.first_above(at(first)) < map.size() && map[map.first_above(at(first))].first < at(end))
            map.erase(map.first_above(at(first)));
        for (std::uint64_t page = first; page < end; ++page) pages.erase(page);
        if (random() % 2 == 0) {
            const auto i = map.insert(region(first, end, protection));
            map.merge_with_previous(i + 1);
            map.merge_with_previous(i);
            for (std::uint64_t page = first; page < end; ++page) pages[page] = protection;
        }
        std::size_t runs = 0;
        for (std::uint64_t page = 0; page < 70; ++page) {
            const auto i = map.find(at(page));
            ASSERT_EQ(i != RegionMap::none, pages.contains(page));
            if (i == RegionMap::none) continue;
            ASSERT_EQ(map[i].protection, pages[page]);
            runs += map[i].first == at(page);
        }
        ASSERT_EQ(runs, map.size());
    }
}

} // namespace
