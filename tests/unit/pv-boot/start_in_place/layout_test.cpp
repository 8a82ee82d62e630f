// SPDX-License-Identifier: MIT
#include "stubdoms/pv-boot/start_in_place/layout.h"

#include <gtest/gtest.h>

namespace skerry::start_in_place {
namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

Kernel linux_kernel(std::uint64_t bytes = 64 * mib) {
    Kernel kernel;
    kernel.virt_base = 0xffff'ffff'8000'0000;
    kernel.virt_start = kernel.virt_base + 16 * mib;
    kernel.virt_end = kernel.virt_start + bytes;
    kernel.p2m_base = 0x80'0000'0000;
    kernel.ramdisk_by_frame = true;
    return kernel;
}

/// Regions in their order, without gaps or overlaps; the region as xen.h describes it.
void check(const Layout& layout, const LayoutRequest& request) {
    EXPECT_GE(layout.mapped_pages * page_bytes - (layout.stack.end() * page_bytes), 512u * 1024);
    EXPECT_EQ(layout.address_of(layout.mapped_pages) % (4 * mib), 0u);
    EXPECT_EQ(layout.stack.first, layout.tables.end());
    EXPECT_EQ(layout.hand_over.first, layout.stack.end());
    EXPECT_LT(layout.hand_over.first, layout.mapped_pages);
    EXPECT_LE(layout.end, request.total_pages);
    const std::uint64_t last = layout.address_of(layout.mapped_pages) - 1;
    EXPECT_EQ(layout.counts.total(), count_tables(layout.virt_base, last).total());
    EXPECT_EQ(layout.tables.count, layout.counts.total());
}

TEST(Layout, LinuxLike) {
    const LayoutRequest request{65536, 100 * mib + 1, true, true};
    const Result<Layout> layout = Layout::plan(linux_kernel(), request);
    ASSERT_TRUE(layout) << layout.failure().what;
    check(*layout, request);
    EXPECT_EQ(layout->kernel.first, 4096u);
    EXPECT_EQ(layout->kernel.count, 16384u);
    EXPECT_EQ(layout->start_info.first, layout->kernel.end());
    EXPECT_EQ(layout->store.first, layout->start_info.end());
    EXPECT_EQ(layout->console.first, layout->store.end());
    EXPECT_EQ(layout->tables.first, layout->console.end());
    EXPECT_FALSE(layout->ramdisk_mapped);
    EXPECT_EQ(layout->ramdisk.first, layout->mapped_pages);
    EXPECT_EQ(layout->ramdisk.count, 25601u);
    EXPECT_TRUE(layout->p2m_mapped_apart());
    EXPECT_EQ(layout->p2m.first, layout->ramdisk.end());
    EXPECT_EQ(layout->p2m.count, 128u);
    EXPECT_EQ(layout->p2m_counts.total(), 3u); // one each of levels 3, 2, 1
    EXPECT_EQ(layout->end, layout->p2m_tables.end());
}

TEST(Layout, EverythingMapped) {
    Kernel kernel = linux_kernel();
    kernel.p2m_base.reset();
    kernel.ramdisk_by_frame = false;
    const LayoutRequest request{65536, 10 * mib, true, true};
    const Result<Layout> layout = Layout::plan(kernel, request);
    ASSERT_TRUE(layout) << layout.failure().what;
    check(*layout, request);
    EXPECT_TRUE(layout->ramdisk_mapped);
    EXPECT_EQ(layout->ramdisk.first, layout->kernel.end());
    EXPECT_EQ(layout->p2m.first, layout->ramdisk.end());
    EXPECT_EQ(layout->p2m_address, layout->address_of(layout->p2m.first));
    EXPECT_EQ(layout->start_info.first, layout->p2m.end());
    EXPECT_EQ(layout->p2m_tables.count, 0u);
    EXPECT_EQ(layout->end, layout->mapped_pages);
}

TEST(Layout, FirstDomainHasNoStoreOrConsolePage) {
    const LayoutRequest request{65536, 0, false, false};
    const Result<Layout> layout = Layout::plan(linux_kernel(), request);
    ASSERT_TRUE(layout);
    check(*layout, request);
    EXPECT_EQ(layout->tables.first, layout->start_info.end());
    EXPECT_EQ(layout->store.count + layout->console.count + layout->ramdisk.count, 0u);
}

TEST(Layout, LargeDomains) {
    for (std::uint64_t gib : {4, 64, 511}) {
        const LayoutRequest request{gib << 18, 300 * mib, true, true};
        const Result<Layout> layout = Layout::plan(linux_kernel(), request);
        ASSERT_TRUE(layout) << gib << layout.failure().what;
        check(*layout, request);
        EXPECT_EQ(layout->p2m.count, gib << 9);
        EXPECT_EQ(layout->p2m_counts.level[1], gib);
    }
}

TEST(Layout, TooLittleMemoryIsSaid) {
    // Every size below what is needed fails; the first that works has everything inside.
    const Kernel kernel = linux_kernel(8 * mib);
    std::uint64_t pages = 1;
    for (; pages < 20000; ++pages)
        if (Layout::plan(kernel, {pages, 3 * mib, true, true})) break;
    const LayoutRequest request{pages, 3 * mib, true, true};
    const Result<Layout> layout = Layout::plan(kernel, request);
    ASSERT_TRUE(layout);
    check(*layout, request);
    EXPECT_EQ(layout->end, pages);
}

TEST(Layout, WhatDoesNotFitTheAddressSpaceIsRefused) {
    Kernel kernel = linux_kernel();
    kernel.ramdisk_by_frame = false; // must be mapped below the top of the address space
    EXPECT_FALSE(Layout::plan(kernel, {std::uint64_t{4} << 18, 2000 * mib, true, true}));
    kernel = linux_kernel();
    kernel.p2m_base = 0xffff'8000'0000'0000; // the hypervisor's
    EXPECT_FALSE(Layout::plan(kernel, {65536, 0, true, true}));
    kernel.p2m_base = 0x7fff'ffff'f000; // into the hole
    EXPECT_FALSE(Layout::plan(kernel, {65536, 0, true, true}));
    kernel.p2m_base = kernel.virt_base - page_bytes; // into the region
    EXPECT_FALSE(Layout::plan(kernel, {65536, 0, true, true}));
    kernel = linux_kernel();
    kernel.virt_base = 0xffff'8000'0000'0000;
    kernel.virt_start = kernel.virt_base + mib;
    kernel.virt_end = kernel.virt_start + mib;
    EXPECT_FALSE(Layout::plan(kernel, {65536, 0, true, true}));
    EXPECT_FALSE(Layout::plan(linux_kernel(), {65536, ~std::uint64_t{0}, true, true}));
}

} // namespace
} // namespace skerry::start_in_place
