// SPDX-License-Identifier: MIT
#include "builder-domain/layout/layout.h"

#include <gtest/gtest.h>

namespace skerry::builder {
namespace {

constexpr uint64_t kernel_base = 0xffffffff80000000;

PvImage image_of(uint64_t first, uint64_t end, uint64_t base = kernel_base) {
    PvImage image{};
    image.virt_base = base;
    image.first_address = base + first;
    image.end_address = base + end;
    image.entry = base + first;
    return image;
}

// What holds for every layout: the order of xen/xen.h, nothing overlaps, all in memory, tables cover the region.
void check_invariants(const Layout& layout) {
    EXPECT_EQ(layout.virt_end % (4 << 20), 0u);
    uint64_t end = layout.image.end();
    auto follows = [&](uint64_t first, uint64_t count) {
        EXPECT_EQ(first, end);
        end = first + count;
    };
    if (layout.module_mapped) follows(layout.module.first, layout.module.count);
    if (layout.p2m_tables.pages() == 0) follows(layout.p2m.first, layout.p2m.count);
    follows(layout.start_info, 1);
    follows(layout.store, 1);
    follows(layout.console, 1);
    follows(layout.tables.first_page(), layout.tables.pages());
    follows(layout.stack, 1);
    EXPECT_GE(layout.virt_end - layout.address_of(end), 512u << 10);
    EXPECT_LE(end, layout.total_pages);
    EXPECT_LE(layout.module.end(), layout.total_pages);
    EXPECT_LE(layout.p2m.end() + layout.p2m_tables.pages(), layout.total_pages);
    EXPECT_GE(layout.p2m.count * 512, layout.total_pages);
    for (uint64_t address = layout.virt_base; address < layout.virt_end; address += 0x1000)
        for (unsigned level = 1; level <= table_levels; ++level)
            ASSERT_TRUE(layout.tables.page_of(level, table_index(address, level)));
    EXPECT_EQ(layout.tables.page_of(4, 0), layout.tables.first_page());
}

TEST(Layout, SmallUnikernel) {
    auto plan = plan_layout(image_of(0, 0x20000, 0x400000), 1024, 0);
    ASSERT_TRUE(plan.ok()) << plan.failure().text();
    const Layout& layout = plan.value();
    check_invariants(layout);
    EXPECT_EQ(layout.image.count, 32u);
    EXPECT_EQ(layout.p2m.count, 2u);
    EXPECT_EQ(layout.virt_end, 0x800000u);
    EXPECT_EQ(layout.tables.pages(), 5u); // L4, L3, L2 and two L1
    EXPECT_TRUE(layout.is_table(layout.tables.first_page() + 4));
    EXPECT_FALSE(layout.is_table(layout.stack));
}

TEST(Layout, RegionGrowsWithItsContent) {
    for (uint64_t module_pages : {0u, 1u, 700u, 895u, 896u, 1000u, 5000u, 262144u}) {
        auto plan = plan_layout(image_of(0x1000000, 0x1100000), 400000, module_pages * page_size);
        ASSERT_TRUE(plan.ok()) << plan.failure().text();
        check_invariants(plan.value());
        EXPECT_EQ(plan.value().image.first, 4096u);
    }
}

TEST(Layout, ModuleAsPagesLiesBehindTheRoom) {
    PvImage image = image_of(0, 0x100000);
    image.module_as_pages = true;
    auto plan = plan_layout(image, 16384, 10 << 20);
    ASSERT_TRUE(plan.ok()) << plan.failure().text();
    const Layout& layout = plan.value();
    check_invariants(layout);
    EXPECT_FALSE(layout.module_mapped);
    EXPECT_EQ(layout.module.first, layout.stack + 1 + 128);
    EXPECT_EQ(layout.module.count, 2560u);
    // A domain of the region's size has room for a small one.
    EXPECT_TRUE(plan_layout(image, 1024, 4096).ok());
}

TEST(Layout, P2mAtItsOwnAddressHasItsTablesBehindIt) {
    PvImage image = image_of(0x1000000, 0x2000000);
    image.p2m_address = 0x8000000000;
    auto plan = plan_layout(image, 131072, 0);
    ASSERT_TRUE(plan.ok()) << plan.failure().text();
    const Layout& layout = plan.value();
    check_invariants(layout);
    EXPECT_EQ(layout.p2m_address, 0x8000000000u);
    EXPECT_EQ(layout.p2m.count, 256u);
    EXPECT_EQ(layout.p2m_tables.pages(), 3u); // L3, L2 and L1: the L4 is shared
    EXPECT_EQ(layout.p2m_tables.first_page(), layout.p2m.end());
    EXPECT_FALSE(layout.p2m_tables.page_of(4, 0));
    EXPECT_EQ(layout.p2m_tables.page_of(1, 0x8000000000 >> 21), layout.p2m.end() + 2);
}

TEST(Layout, P2mNextToTheRegionSharesItsTables) {
    PvImage image = image_of(0, 0x100000, 0x400000);
    image.p2m_address = 0x800000;
    auto plan = plan_layout(image, 4096, 0);
    ASSERT_TRUE(plan.ok()) << plan.failure().text();
    check_invariants(plan.value());
    EXPECT_EQ(plan.value().p2m_tables.pages(), 1u); // only an L1
}

TEST(Layout, RefusesP2mInsideTheRegionOrTheHypervisor) {
    for (uint64_t address : {0x400000ul, 0x500000ul, 0x900800ul, 0xffff800000000000ul, 0x800000000000ul}) {
        PvImage image = image_of(0, 0x100000, 0x400000);
        image.p2m_address = address;
        EXPECT_FALSE(plan_layout(image, 4096, 0).ok()) << std::hex << address;
    }
}

TEST(Layout, RefusesWhatDoesNotFit) {
    auto plan = plan_layout(image_of(0, 0x400000), 512, 0);
    ASSERT_FALSE(plan.ok());
    EXPECT_NE(plan.failure().text().find("needs at least"), std::string_view::npos);
    EXPECT_FALSE(plan_layout(image_of(0, 0x1000), 1024, 5 << 20).ok());
    EXPECT_FALSE(plan_layout(image_of(0, 0x1000), 1024, ~uint64_t{0}).ok());
    EXPECT_FALSE(plan_layout(image_of(0, 0x1000, 0xffff800000000000), 1024, 0).ok());
    EXPECT_FALSE(plan_layout(image_of(0, 0x1000, 0x7fffffffe000), 1024, 0).ok());
    EXPECT_FALSE(plan_layout(image_of(0, 0x1000, 0xffffffffffffe000), 1024, 0).ok());
    EXPECT_FALSE(plan_layout(image_of(0, uint64_t{2} << 30), 1048576, 0).ok());
}

TEST(TableArea, FindsTheTableOfEachPage) {
    TableArea area(0x400000, 0xc0000000, 100);
    for (uint64_t page = 100; page < 100 + area.pages(); ++page) {
        auto table = area.table_at(page);
        EXPECT_EQ(area.page_of(table.level, table.index), page);
    }
    EXPECT_EQ(area.pages(), 1u + 1 + 3 + 1534);
}

} // namespace
} // namespace skerry::builder
