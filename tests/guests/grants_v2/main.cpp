// SPDX-License-Identifier: MIT
// Version 2 grants: switching, status frames, full pages, sub-page and transitive grants by copy.
#include "lib/guest.h"

using namespace skerry::guest;

static grant_entry_v2_t* table;
static volatile grant_status_t* status;

static long set_version(unsigned version) {
    gnttab_set_version call{version};
    const long result = grant_op(GNTTABOP_set_version, &call, 1);
    return result != 0 ? result : call.version == version ? 0 : -1;
}
static void offer_v2(unsigned reference, uint64_t frame, unsigned flags) {
    table[reference].full_page.frame = frame;
    table[reference].hdr.domid = 0;
    __atomic_store_n(&table[reference].hdr.flags, static_cast<uint16_t>(GTF_permit_access | flags), __ATOMIC_SEQ_CST);
}

GUEST_CASE(version_one_at_first) {
    gnttab_get_version call{};
    call.dom = DOMID_SELF;
    EXPECT_EQ(grant_op(GNTTABOP_get_version, &call, 1), 0);
    EXPECT_EQ(call.version, 1);
}
GUEST_CASE(versions_that_are_not) {
    gnttab_set_version call{3};
    EXPECT(grant_op(GNTTABOP_set_version, &call, 1) < 0);
    call.version = 0;
    EXPECT(grant_op(GNTTABOP_set_version, &call, 1) < 0);
}
GUEST_CASE(switch_and_map_the_frames) {
    if (set_version(2) != 0) return skip("no version 2 here");
    xen_pfn_t frames[2];
    gnttab_setup_table call{};
    call.dom = DOMID_SELF;
    call.nr_frames = 2;
    set_xen_guest_handle(call.frame_list, frames);
    REQUIRE_EQ(grant_op(GNTTABOP_setup_table, &call, 1), 0);
    REQUIRE_EQ(call.status, GNTST_okay);
    for (unsigned i = 0; i < 2; i++) REQUIRE_EQ(window_map(120 + i, entry(frames[i], page_flags)), 0);
    table = static_cast<grant_entry_v2_t*>(window(120));
    uint64_t status_frames[1];
    gnttab_get_status_frames get{};
    get.dom = DOMID_SELF;
    get.nr_frames = 1;
    set_xen_guest_handle(get.frame_list, status_frames);
    REQUIRE_EQ(grant_op(GNTTABOP_get_status_frames, &get, 1), 0);
    REQUIRE_EQ(get.status, GNTST_okay);
    REQUIRE_EQ(window_map(122, entry(status_frames[0], page_flags)), 0);
    status = static_cast<volatile grant_status_t*>(window(122));
}
GUEST_CASE(full_page_by_map) {
    if (table == nullptr) return skip("no version 2 here");
    auto* page = static_cast<uint64_t*>(alloc_page());
    page[0] = 71;
    offer_v2(10, mfn_of(page), 0);
    const Mapping mapping = map_grant(0, 10, window(1));
    REQUIRE_EQ(mapping.status, GNTST_okay);
    EXPECT_EQ(*static_cast<uint64_t*>(window(1)), 71);
    EXPECT_EQ(status[10] & (GTF_reading | GTF_writing), GTF_reading | GTF_writing);
    EXPECT_EQ(unmap_grant(mapping), GNTST_okay);
    EXPECT_EQ(status[10] & (GTF_reading | GTF_writing), 0);
    table[10].hdr.flags = 0;
}
GUEST_CASE(sub_page_by_copy_within_its_bounds) {
    if (table == nullptr) return skip("no version 2 here");
    auto* page = static_cast<uint8_t*>(alloc_page());
    auto* target = static_cast<uint8_t*>(alloc_page());
    memset(page, 5, 4096);
    table[11].sub_page.frame = mfn_of(page);
    table[11].sub_page.page_off = 100;
    table[11].sub_page.length = 200;
    table[11].hdr.domid = 0;
    __atomic_store_n(&table[11].hdr.flags, static_cast<uint16_t>(GTF_permit_access | GTF_sub_page), __ATOMIC_SEQ_CST);
    EXPECT_EQ(copy_page(0, 11, target, 200, 100, 0), GNTST_okay);
    EXPECT_EQ(target[199], 5);
    EXPECT(copy_page(0, 11, target, 201, 100, 0) < 0);
    EXPECT(copy_page(0, 11, target, 10, 99, 0) < 0);
    EXPECT(map_grant(0, 11, window(1)).status < 0); // part of a page is not mapped
    table[11].hdr.flags = 0;
}
GUEST_CASE(transitive_to_nowhere) {
    if (table == nullptr) return skip("no version 2 here");
    table[12].transitive.trans_domid = 1234;
    table[12].transitive.gref = 5;
    table[12].hdr.domid = 0;
    __atomic_store_n(&table[12].hdr.flags, static_cast<uint16_t>(GTF_transitive), __ATOMIC_SEQ_CST);
    EXPECT(copy_page(0, 12, alloc_page()) < 0);
    EXPECT(map_grant(0, 12, window(1)).status < 0);
    table[12].hdr.flags = 0;
}
GUEST_CASE(transitive_onto_itself) {
    if (table == nullptr) return skip("no version 2 here");
    table[13].transitive.trans_domid = 0;
    table[13].transitive.gref = 13;
    table[13].hdr.domid = 0;
    __atomic_store_n(&table[13].hdr.flags, static_cast<uint16_t>(GTF_transitive), __ATOMIC_SEQ_CST);
    EXPECT(copy_page(0, 13, alloc_page()) < 0);
    table[13].hdr.flags = 0;
    EXPECT_EQ(status[13] & (GTF_reading | GTF_writing), 0);
}
GUEST_CASE(no_switch_while_in_use) {
    if (table == nullptr) return skip("no version 2 here");
    void* page = alloc_page();
    offer_v2(14, mfn_of(page), 0);
    const Mapping mapping = map_grant(0, 14, window(1));
    REQUIRE_EQ(mapping.status, GNTST_okay);
    EXPECT(set_version(1) < 0);
    EXPECT_EQ(unmap_grant(mapping), GNTST_okay);
    table[14].hdr.flags = 0;
}
GUEST_CASE(and_back_to_version_one) {
    if (table == nullptr) return skip("no version 2 here");
    for (unsigned i = 120; i < 123; i++) EXPECT_EQ(window_unmap(i), 0);
    EXPECT_EQ(set_version(1), 0);
    gnttab_get_version call{};
    call.dom = DOMID_SELF;
    EXPECT_EQ(grant_op(GNTTABOP_get_version, &call, 1), 0);
    EXPECT_EQ(call.version, 1);
}

GUEST_CASE(no_way_back_while_a_status_frame_is_mapped) {
    gnttab_set_version version{2};
    REQUIRE_EQ(grant_op(GNTTABOP_set_version, &version, 1), 0);
    uint64_t frame = 0;
    gnttab_get_status_frames list{};
    list.dom = DOMID_SELF;
    list.nr_frames = 1;
    list.frame_list.p = &frame;
    REQUIRE_EQ(grant_op(GNTTABOP_get_status_frames, &list, 1), 0);
    REQUIRE_EQ(list.status, GNTST_okay);
    REQUIRE_EQ(window_map(200, entry(frame, page_flags & ~pte_write)), 0);
    version.version = 1;
    EXPECT_EQ(grant_op(GNTTABOP_set_version, &version, 1), ebusy);
    EXPECT_EQ(window_unmap(200), 0);
    version.version = 1;
    EXPECT_EQ(grant_op(GNTTABOP_set_version, &version, 1), 0);
}
