// SPDX-License-Identifier: MIT
// Version 1 grants between this domain and itself and with a peer: map, unmap, copy, replace, query.
#include "lib/guest.h"

using namespace skerry::guest;

// Empties the L1 table of the window's first slots into existence.
static bool window_ready() {
    void* page = alloc_page();
    const bool good = window_map(0, entry(mfn_of(page), page_flags)) == 0 && window_unmap(0) == 0;
    free_page(page);
    return good && grant_table() != nullptr;
}

GUEST_CASE(query_size) {
    gnttab_query_size call{};
    call.dom = DOMID_SELF;
    EXPECT_EQ(grant_op(GNTTABOP_query_size, &call, 1), 0);
    EXPECT_EQ(call.status, GNTST_okay);
    EXPECT(call.max_nr_frames >= 4);
    EXPECT(call.nr_frames <= call.max_nr_frames);
}
GUEST_CASE(setup_twice_gives_the_same_frames) {
    REQUIRE(window_ready());
    xen_pfn_t again[4] = {};
    gnttab_setup_table call{};
    call.dom = DOMID_SELF;
    call.nr_frames = 4;
    set_xen_guest_handle(call.frame_list, again);
    EXPECT_EQ(grant_op(GNTTABOP_setup_table, &call, 1), 0);
    EXPECT_EQ(call.status, GNTST_okay);
    for (unsigned i = 0; i < 4; i++) EXPECT_EQ(again[i], grant_frame(i));
}
GUEST_CASE(map_read_and_write) {
    REQUIRE(window_ready());
    auto* page = static_cast<uint64_t*>(alloc_page());
    page[1] = 555;
    offer(10, 0, mfn_of(page));
    const Mapping mapping = map_grant(0, 10, window(1));
    REQUIRE_EQ(mapping.status, GNTST_okay);
    EXPECT_EQ(static_cast<uint64_t*>(window(1))[1], 555);
    static_cast<uint64_t*>(window(1))[1] = 556;
    EXPECT_EQ(page[1], 556);
    EXPECT_EQ(grant_table()[10].flags & (GTF_reading | GTF_writing), GTF_reading | GTF_writing);
    EXPECT(!withdraw(10));
    EXPECT_EQ(unmap_grant(mapping), GNTST_okay);
    EXPECT_EQ(grant_table()[10].flags & (GTF_reading | GTF_writing), 0);
    EXPECT(withdraw(10));
    EXPECT_EQ(try_read(window(1)).vector, page_fault);
}
GUEST_CASE(readonly_map_of_a_readonly_grant) {
    REQUIRE(window_ready());
    auto* page = static_cast<uint64_t*>(alloc_page());
    offer(11, 0, mfn_of(page), GTF_readonly);
    EXPECT(map_grant(0, 11, window(1)).status != GNTST_okay); // writable: refused
    const Mapping mapping = map_grant(0, 11, window(1), GNTMAP_host_map | GNTMAP_readonly);
    REQUIRE_EQ(mapping.status, GNTST_okay);
    EXPECT_EQ(try_read(window(1)).vector, no_trap);
    EXPECT_EQ(try_write(window(1)).vector, page_fault);
    EXPECT_EQ(grant_table()[11].flags & (GTF_reading | GTF_writing), GTF_reading);
    EXPECT_EQ(unmap_grant(mapping), GNTST_okay);
    EXPECT(withdraw(11));
}
GUEST_CASE(mapped_twice_unmapped_twice) {
    REQUIRE(window_ready());
    void* page = alloc_page();
    offer(12, 0, mfn_of(page));
    const Mapping first = map_grant(0, 12, window(1)), second = map_grant(0, 12, window(2));
    REQUIRE_EQ(first.status, GNTST_okay);
    REQUIRE_EQ(second.status, GNTST_okay);
    EXPECT(first.handle != second.handle);
    EXPECT_EQ(unmap_grant(first), GNTST_okay);
    EXPECT(!withdraw(12));
    EXPECT_EQ(unmap_grant(second), GNTST_okay);
    EXPECT(withdraw(12));
}
GUEST_CASE(map_into_a_named_entry) {
    REQUIRE(window_ready());
    auto* page = static_cast<uint64_t*>(alloc_page());
    page[0] = 31;
    offer(13, 0, mfn_of(page));
    const Mapping mapping = map_grant(0, 13, reinterpret_cast<void*>(machine_of(l1_entry(window(3)))),
                                      GNTMAP_host_map | GNTMAP_contains_pte);
    REQUIRE_EQ(mapping.status, GNTST_okay);
    EXPECT_EQ(*static_cast<uint64_t*>(window(3)), 31);
    gnttab_unmap_grant_ref call{mapping.address, 0, mapping.handle, 1};
    EXPECT_EQ(grant_op(GNTTABOP_unmap_grant_ref, &call, 1), 0);
    EXPECT_EQ(call.status, GNTST_okay);
    EXPECT_EQ(*l1_entry(window(3)), 0);
    withdraw(13);
}
GUEST_CASE(unmap_and_replace) {
    REQUIRE(window_ready());
    auto* granted = static_cast<uint64_t*>(alloc_page());
    auto* other = static_cast<uint64_t*>(alloc_page());
    granted[0] = 1;
    other[0] = 2;
    offer(14, 0, mfn_of(granted));
    REQUIRE_EQ(window_map(5, entry(mfn_of(other), page_flags)), 0);
    const Mapping mapping = map_grant(0, 14, window(4));
    REQUIRE_EQ(mapping.status, GNTST_okay);
    gnttab_unmap_and_replace call{mapping.address, reinterpret_cast<uint64_t>(window(5)), mapping.handle, 1};
    EXPECT_EQ(grant_op(GNTTABOP_unmap_and_replace, &call, 1), 0);
    EXPECT_EQ(call.status, GNTST_okay);
    EXPECT_EQ(*static_cast<uint64_t*>(window(4)), 2);
    EXPECT_EQ(*l1_entry(window(5)), 0);
    EXPECT(withdraw(14));
    window_unmap(4);
}
GUEST_CASE(copy_whole_and_part) {
    REQUIRE(window_ready());
    auto* source = static_cast<uint8_t*>(alloc_page());
    auto* target = static_cast<uint8_t*>(alloc_page());
    for (unsigned i = 0; i < 4096; i++) source[i] = static_cast<uint8_t>(i * 7);
    offer(15, 0, mfn_of(source), GTF_readonly);
    EXPECT_EQ(copy_page(0, 15, target), GNTST_okay);
    EXPECT(memcmp(source, target, 4096) == 0);
    memset(target, 0, 4096);
    EXPECT_EQ(copy_page(0, 15, target, 10, 100, 50), GNTST_okay);
    EXPECT(memcmp(source + 100, target + 50, 10) == 0);
    EXPECT_EQ(target[49], 0);
    EXPECT_EQ(target[60], 0);
    EXPECT_EQ(grant_table()[15].flags & (GTF_reading | GTF_writing), 0);
    EXPECT(withdraw(15));
}
GUEST_CASE(copy_into_a_grant) {
    REQUIRE(window_ready());
    auto* source = static_cast<uint8_t*>(alloc_page());
    auto* target = static_cast<uint8_t*>(alloc_page());
    memset(source, 9, 4096);
    offer(16, 0, mfn_of(target));
    gnttab_copy call{};
    call.source.u.gmfn = mfn_of(source);
    call.source.domid = DOMID_SELF;
    call.dest.u.ref = 16;
    call.dest.domid = 0;
    call.len = 4096;
    call.flags = GNTCOPY_dest_gref;
    EXPECT_EQ(grant_op(GNTTABOP_copy, &call, 1), 0);
    EXPECT_EQ(call.status, GNTST_okay);
    EXPECT_EQ(target[4095], 9);
    offer(16, 0, mfn_of(target), GTF_readonly);
    EXPECT_EQ(grant_op(GNTTABOP_copy, &call, 1), 0);
    EXPECT(call.status < 0);
    EXPECT(withdraw(16));
}
GUEST_CASE(batches_report_each_status) {
    REQUIRE(window_ready());
    void* page = alloc_page();
    offer(17, 0, mfn_of(page));
    gnttab_map_grant_ref calls[3]{};
    for (unsigned i = 0; i < 3; i++) {
        calls[i].host_addr = reinterpret_cast<uint64_t>(window(1 + i));
        calls[i].flags = GNTMAP_host_map;
        calls[i].ref = i == 1 ? 9999 : 17;
    }
    EXPECT_EQ(grant_op(GNTTABOP_map_grant_ref, calls, 3), 0);
    EXPECT_EQ(calls[0].status, GNTST_okay);
    EXPECT(calls[1].status < 0);
    EXPECT_EQ(calls[2].status, GNTST_okay);
    gnttab_unmap_grant_ref back[2] = {{calls[0].host_addr, 0, calls[0].handle, 1},
                                      {calls[2].host_addr, 0, calls[2].handle, 1}};
    EXPECT_EQ(grant_op(GNTTABOP_unmap_grant_ref, back, 2), 0);
    EXPECT_EQ(back[0].status, GNTST_okay);
    EXPECT_EQ(back[1].status, GNTST_okay);
    EXPECT(withdraw(17));
}
static void grant_to_parent() {
    auto* page = static_cast<uint64_t*>(alloc_page());
    page[0] = 0xfeed;
    if (grant_table() == nullptr) shutdown(SHUTDOWN_crash);
    offer(20, 0, mfn_of(page));
    mailbox.word[0] = 20;
    while (mailbox.word[1] == 0) sched_op(SCHEDOP_yield, nullptr);
    mailbox.word[2] = page[0];
    mailbox.word[3] = withdraw(20);
    mailbox.word[4] = 1;
    while (mailbox.word[5] == 0) sched_op(SCHEDOP_yield, nullptr);
    mailbox.word[6] = withdraw(20);
    shutdown(SHUTDOWN_poweroff);
}
GUEST_CASE(between_domains) {
    REQUIRE(window_ready());
    static Peer peer;
    REQUIRE_EQ(peer.create(grant_to_parent), 0);
    peer.unpause();
    REQUIRE(wait_for([] { return peer.mail[0] == 20; }));
    void* target = alloc_page();
    EXPECT_EQ(copy_page(peer.dom, 20, target), GNTST_okay);
    EXPECT_EQ(*static_cast<uint64_t*>(target), 0xfeed);
    const Mapping mapping = map_grant(peer.dom, 20, window(1));
    REQUIRE_EQ(mapping.status, GNTST_okay);
    *static_cast<volatile uint64_t*>(window(1)) = 0xbeef;
    peer.mail[1] = 1;
    EXPECT(wait_for([] { return peer.mail[4] == 1; }));
    EXPECT_EQ(peer.mail[2], 0xbeef);
    EXPECT_EQ(peer.mail[3], 0); // still mapped: not to be withdrawn
    EXPECT_EQ(unmap_grant(mapping), GNTST_okay);
    peer.mail[5] = 1;
    EXPECT(peer.wait_shutdown(SHUTDOWN_poweroff));
    EXPECT_EQ(peer.mail[6], 1);
    EXPECT_EQ(peer.destroy(), 0);
}
GUEST_CASE(cache_flush) {
    REQUIRE(window_ready());
    void* page = alloc_page();
    gnttab_cache_flush call{};
    call.a.dev_bus_addr = machine_of(page);
    call.length = 64;
    call.op = GNTTAB_CACHE_CLEAN;
    const long result = grant_op(GNTTABOP_cache_flush, &call, 1);
    EXPECT(result == 0 || result == enosys || result == eopnotsupp || result == einval);
    call.a.dev_bus_addr = 0xfffffffffULL << 12;
    EXPECT(grant_op(GNTTABOP_cache_flush, &call, 1) != 0 || result != 0);
}

GUEST_CASE(host_and_device_mappings_end_one_by_one) {
    auto* page = static_cast<uint8_t*>(alloc_page());
    REQUIRE(grant_table() != nullptr);
    offer(20, 0, mfn_of(page));
    const Mapping both = map_grant(0, 20, window(10), GNTMAP_host_map | GNTMAP_device_map);
    REQUIRE_EQ(both.status, GNTST_okay);
    gnttab_unmap_grant_ref call{};
    call.host_addr = both.address;
    call.handle = both.handle;
    EXPECT_EQ(grant_op(GNTTABOP_unmap_grant_ref, &call, 1), 0);
    EXPECT_EQ(call.status, GNTST_okay);
    EXPECT(!withdraw(20)); // devices still have it
    call = {};
    call.dev_bus_addr = machine_of(page);
    call.handle = both.handle;
    EXPECT_EQ(grant_op(GNTTABOP_unmap_grant_ref, &call, 1), 0);
    EXPECT_EQ(call.status, GNTST_okay);
    EXPECT(withdraw(20));
}
GUEST_CASE(flags_that_mean_nothing_here) {
    auto* page = static_cast<uint8_t*>(alloc_page());
    REQUIRE(grant_table() != nullptr);
    offer(21, 0, mfn_of(page));
    const Mapping mapping = map_grant(0, 21, window(11), GNTMAP_host_map | 0x40);
    EXPECT_EQ(mapping.status, GNTST_okay);
    if (mapping.status == GNTST_okay) EXPECT_EQ(unmap_grant(mapping), GNTST_okay);
    EXPECT(withdraw(21));
}
GUEST_CASE(a_copy_without_a_reference_names_its_own_domain_as_self) {
    auto* from = static_cast<uint8_t*>(alloc_page());
    auto* to = static_cast<uint8_t*>(alloc_page());
    gnttab_copy call{};
    call.source.u.gmfn = mfn_of(from);
    call.dest.u.gmfn = mfn_of(to);
    call.len = 16;
    EXPECT_EQ(grant_op(GNTTABOP_copy, &call, 1), 0); // both domains: 0
    EXPECT_EQ(call.status, GNTST_permission_denied);
    call.source.domid = call.dest.domid = DOMID_SELF;
    EXPECT_EQ(grant_op(GNTTABOP_copy, &call, 1), 0);
    EXPECT_EQ(call.status, GNTST_okay);
}
static int end_of(const Mapping& mapping, uint64_t host_address, uint64_t device_address) {
    gnttab_unmap_grant_ref call{host_address, device_address, mapping.handle, 99};
    EXPECT_EQ(grant_op(GNTTABOP_unmap_grant_ref, &call, 1), 0);
    return call.status;
}
GUEST_CASE(what_was_not_mapped_need_not_be_named_right) {
    auto* page = static_cast<uint8_t*>(alloc_page());
    REQUIRE(window_ready());
    offer(22, 0, mfn_of(page));
    const Mapping mapping = map_grant(0, 22, window(12));
    REQUIRE_EQ(mapping.status, GNTST_okay);
    EXPECT_EQ(end_of(mapping, 0, 0), GNTST_okay);
    EXPECT_EQ(end_of(mapping, 0, machine_of(page) + 4096), GNTST_okay);
    EXPECT_EQ(try_read(window(12)).vector, no_trap); // neither ended it
    EXPECT_EQ(end_of(mapping, mapping.address, machine_of(page) + 4096), GNTST_okay);
    EXPECT_EQ(try_read(window(12)).vector, page_fault);
    EXPECT(withdraw(22));

    offer(22, 0, mfn_of(page));
    const Mapping both = map_grant(0, 22, window(12), GNTMAP_host_map | GNTMAP_device_map);
    REQUIRE_EQ(both.status, GNTST_okay);
    EXPECT_EQ(end_of(both, both.address, machine_of(page) + 4096), GNTST_bad_dev_addr);
    EXPECT_EQ(try_read(window(12)).vector, no_trap);
    EXPECT_EQ(end_of(both, both.address, machine_of(page)), GNTST_okay);
    EXPECT(withdraw(22));
}
GUEST_CASE(a_mapping_that_was_changed_is_not_ended) {
    auto* page = static_cast<uint8_t*>(alloc_page());
    REQUIRE(window_ready());
    offer(23, 0, mfn_of(page));
    const Mapping mapping = map_grant(0, 23, window(13));
    REQUIRE_EQ(mapping.status, GNTST_okay);
    REQUIRE_EQ(window_map(13, entry(mfn_of(page), page_flags & ~pte_write)), 0);
    EXPECT_EQ(unmap_grant(mapping), GNTST_general_error);
    EXPECT(!withdraw(23));
    REQUIRE_EQ(window_map(13, entry(mfn_of(page), page_flags)), 0);
    EXPECT_EQ(unmap_grant(mapping), GNTST_okay);
    EXPECT(withdraw(23));
}
GUEST_CASE(replaced_by_nothing_is_unmapped) {
    auto* page = static_cast<uint8_t*>(alloc_page());
    REQUIRE(window_ready());
    offer(24, 0, mfn_of(page));
    const Mapping mapping = map_grant(0, 24, window(14));
    REQUIRE_EQ(mapping.status, GNTST_okay);
    gnttab_unmap_and_replace call{mapping.address, 0, mapping.handle, 99};
    EXPECT_EQ(grant_op(GNTTABOP_unmap_and_replace, &call, 1), 0);
    EXPECT_EQ(call.status, GNTST_okay);
    EXPECT_EQ(try_read(window(14)).vector, page_fault);
    EXPECT(withdraw(24));
}
GUEST_CASE(others_memory_is_not_run) {
    auto* page = static_cast<uint8_t*>(alloc_page());
    REQUIRE(window_ready());
    page[0] = 0xc3; // ret
    offer(25, 0, mfn_of(page));
    const Mapping mapping = map_grant(0, 25, window(15));
    REQUIRE_EQ(mapping.status, GNTST_okay);
    const Trap trap = attempt([] { reinterpret_cast<void (*)()>(window(15))(); });
    EXPECT_EQ(trap.vector, page_fault);
    EXPECT(trap.error & fault_fetch);
    EXPECT_EQ(unmap_grant(mapping), GNTST_okay);
    EXPECT(withdraw(25));
}
