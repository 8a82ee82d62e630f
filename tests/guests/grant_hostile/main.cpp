// SPDX-License-Identifier: MIT
// Grants misused: references and handles out of range, revoked and stolen grants, forged frames, wrong domains, dying
// peers.
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

static bool ready() {
    void* page = alloc_page();
    const bool good = window_map(0, entry(mfn_of(page), page_flags)) == 0 && window_unmap(0) == 0;
    free_page(page);
    return good && grant_table() != nullptr;
}

GUEST_CASE(references_out_of_range) {
    REQUIRE(ready());
    for (const unsigned reference : {2048U, 65535U, 1U << 20, 0x7fffffffU, 0x80000000U, 0xffffffffU}) {
        EXPECT_EQ(map_grant(0, reference, window(1)).status, GNTST_bad_gntref);
        EXPECT_EQ(copy_page(0, reference, alloc_page()), GNTST_bad_gntref);
    }
}
GUEST_CASE(nothing_offered) {
    REQUIRE(ready());
    EXPECT(map_grant(0, 30, window(1)).status < 0);
    EXPECT(copy_page(0, 30, alloc_page()) < 0);
    EXPECT_EQ(*l1_entry(window(1)), 0);
}
GUEST_CASE(offered_to_somebody_else) {
    REQUIRE(ready());
    void* page = alloc_page();
    offer(31, 77, mfn_of(page));
    EXPECT(map_grant(0, 31, window(1)).status < 0);
    EXPECT(copy_page(0, 31, alloc_page()) < 0);
    withdraw(31);
}
GUEST_CASE(domains_that_are_not) {
    REQUIRE(ready());
    for (const unsigned dom : {1234U, unsigned{DOMID_XEN}, unsigned{DOMID_INVALID}}) {
        EXPECT_EQ(map_grant(dom, 8, window(1)).status, GNTST_bad_domain);
        EXPECT_EQ(copy_page(dom, 8, alloc_page()), GNTST_bad_domain);
    }
}
GUEST_CASE(frames_that_are_not_ours_to_give) {
    REQUIRE(ready());
    const uint64_t frames[] = {0xfffffff, entry_mfn(top_table()[256]), 0x10};
    for (const uint64_t frame : frames) {
        offer(32, 0, frame);
        EXPECT(map_grant(0, 32, window(1)).status < 0);
        EXPECT(copy_page(0, 32, alloc_page()) < 0);
        EXPECT_EQ(*l1_entry(window(1)), 0);
        EXPECT(withdraw(32));
    }
}
GUEST_CASE(a_page_table_offered_for_writing) {
    REQUIRE(ready());
    offer(33, 0, mfn_of(top_table()));
    EXPECT(map_grant(0, 33, window(1)).status < 0);
    EXPECT(withdraw(33));
    offer(33, 0, mfn_of(top_table()), GTF_readonly);
    const Mapping mapping = map_grant(0, 33, window(1), GNTMAP_host_map | GNTMAP_readonly);
    if (mapping.status == GNTST_okay) {
        EXPECT_EQ(try_write(window(1)).vector, page_fault);
        EXPECT_EQ(unmap_grant(mapping), GNTST_okay);
    }
    EXPECT(withdraw(33));
}
GUEST_CASE(copy_onto_a_page_table) {
    REQUIRE(ready());
    void* page = alloc_page();
    memset(page, 0xff, 4096);
    offer(34, 0, mfn_of(page));
    const uint64_t before = top_table()[256];
    EXPECT(copy_page(0, 34, top_table()) < 0);
    EXPECT_EQ(top_table()[256], before);
    EXPECT(withdraw(34));
}
GUEST_CASE(copies_that_do_not_fit) {
    REQUIRE(ready());
    void* page = alloc_page();
    void* target = alloc_page();
    offer(35, 0, mfn_of(page));
    EXPECT_EQ(copy_page(0, 35, target, 4096, 1, 0), GNTST_bad_copy_arg);
    EXPECT_EQ(copy_page(0, 35, target, 4096, 0, 1), GNTST_bad_copy_arg);
    EXPECT_EQ(copy_page(0, 35, target, 65535, 0, 0), GNTST_bad_copy_arg);
    EXPECT_EQ(copy_page(0, 35, target, 1, 4096, 0), GNTST_bad_copy_arg);
    EXPECT_EQ(copy_page(0, 35, target, 2, 65535, 0), GNTST_bad_copy_arg);
    EXPECT(withdraw(35));
}
GUEST_CASE(a_grant_mapping_is_not_an_ordinary_one) {
    // Removing it with mmu_update leaves the grant in use; its handle still ends it.
    REQUIRE(ready());
    void* page = alloc_page();
    offer(36, 0, mfn_of(page));
    const Mapping mapping = map_grant(0, 36, window(1));
    REQUIRE_EQ(mapping.status, GNTST_okay);
    EXPECT(!withdraw(36));
    EXPECT_EQ(unmap_grant(mapping), GNTST_okay);
    EXPECT(withdraw(36));
}
GUEST_CASE(handles_that_are_not) {
    REQUIRE(ready());
    for (const unsigned handle : {0U, 1U, 5000U, 0x7fffffffU, 0xffffffffU}) {
        gnttab_unmap_grant_ref call{reinterpret_cast<uint64_t>(window(1)), 0, handle, 1};
        EXPECT_EQ(grant_op(GNTTABOP_unmap_grant_ref, &call, 1), 0);
        EXPECT(call.status < 0);
    }
}
GUEST_CASE(unmapped_twice) {
    REQUIRE(ready());
    void* page = alloc_page();
    offer(37, 0, mfn_of(page));
    const Mapping mapping = map_grant(0, 37, window(1));
    REQUIRE_EQ(mapping.status, GNTST_okay);
    EXPECT_EQ(unmap_grant(mapping), GNTST_okay);
    EXPECT(unmap_grant(mapping) < 0);
    EXPECT(withdraw(37));
}
GUEST_CASE(unmapped_at_another_address) {
    REQUIRE(ready());
    void* page = alloc_page();
    void* victim = alloc_page();
    REQUIRE_EQ(window_map(2, entry(mfn_of(victim), page_flags)), 0);
    offer(38, 0, mfn_of(page));
    Mapping mapping = map_grant(0, 38, window(1));
    REQUIRE_EQ(mapping.status, GNTST_okay);
    Mapping forged = mapping;
    forged.address = reinterpret_cast<uint64_t>(window(2));
    EXPECT(unmap_grant(forged) < 0);
    EXPECT_EQ(entry_mfn(*l1_entry(window(2))), mfn_of(victim));
    EXPECT_EQ(unmap_grant(mapping), GNTST_okay);
    EXPECT(withdraw(38));
    window_unmap(2);
}
GUEST_CASE(mapped_where_no_table_is) {
    REQUIRE(ready());
    void* page = alloc_page();
    offer(39, 0, mfn_of(page));
    EXPECT(map_grant(0, 39, reinterpret_cast<void*>(0x7000000000)).status < 0);
    EXPECT(map_grant(0, 39, reinterpret_cast<void*>(0xffff830000000000)).status < 0);
    EXPECT(map_grant(0, 39, reinterpret_cast<void*>(MACH2PHYS_VIRT_START)).status < 0);
    EXPECT(
        map_grant(0, 39, reinterpret_cast<void*>(0xfffffffffUL << 12), GNTMAP_host_map | GNTMAP_contains_pte).status <
        0);
    EXPECT(map_grant(0, 39, reinterpret_cast<void*>(machine_of(top_table())), GNTMAP_host_map | GNTMAP_contains_pte)
               .status < 0);
    EXPECT_EQ(grant_table()[39].flags & (GTF_reading | GTF_writing), 0);
    EXPECT(withdraw(39));
}
GUEST_CASE(mapped_without_a_place) {
    REQUIRE(ready());
    void* page = alloc_page();
    offer(40, 0, mfn_of(page));
    EXPECT(map_grant(0, 40, window(1), 0).status < 0);
    EXPECT(withdraw(40));
}
GUEST_CASE(a_revoked_grant) {
    REQUIRE(ready());
    void* page = alloc_page();
    offer(41, 0, mfn_of(page));
    EXPECT(withdraw(41));
    EXPECT(map_grant(0, 41, window(1)).status < 0);
}
GUEST_CASE(a_page_mapped_by_grant_does_not_become_a_table) {
    REQUIRE(ready());
    void* page = alloc_page();
    offer(42, 0, mfn_of(page));
    const Mapping mapping = map_grant(0, 42, window(1));
    REQUIRE_EQ(mapping.status, GNTST_okay);
    REQUIRE_EQ(make_readonly(page), 0);
    EXPECT(pin(1, mfn_of(page)) < 0);
    EXPECT_EQ(unmap_grant(mapping), GNTST_okay);
    EXPECT_EQ(pin(1, mfn_of(page)), 0);
    EXPECT_EQ(unpin(mfn_of(page)), 0);
    EXPECT(withdraw(42));
    make_writable(page);
}
GUEST_CASE(wild_flags_in_the_table) {
    REQUIRE(ready());
    grant_entry_v1_t* const table = grant_table();
    void* page = alloc_page();
    for (unsigned flags = 0; flags < 0x400; flags++) {
        table[43].domid = 0;
        table[43].frame = static_cast<uint32_t>(mfn_of(page));
        table[43].flags = static_cast<uint16_t>(flags);
        const Mapping mapping = map_grant(0, 43, window(1));
        if (mapping.status == GNTST_okay && unmap_grant(mapping) != GNTST_okay)
            return (void)EXPECT(!"a mapping could not be undone");
    }
    table[43].flags = 0;
    EXPECT_EQ(*l1_entry(window(1)), 0);
}
GUEST_CASE(table_frames_are_the_hypervisors) {
    // They may be mapped, but never become page tables or leave.
    REQUIRE(ready());
    EXPECT(pin(1, grant_frame(0)) < 0);
    xen_pfn_t frame = grant_frame(0);
    xen_memory_reservation call{};
    set_xen_guest_handle(call.extent_start, &frame);
    call.nr_extents = 1;
    call.domid = DOMID_SELF;
    memory_op(XENMEM_decrease_reservation, &call); // whatever it says, the frame stays
    EXPECT_EQ(grant_table()[43].flags, 0);
}
GUEST_CASE(setup_beyond_the_limit) {
    xen_pfn_t frames[4];
    gnttab_setup_table call{};
    call.dom = DOMID_SELF;
    call.nr_frames = 1000000;
    set_xen_guest_handle(call.frame_list, frames);
    EXPECT_EQ(grant_op(GNTTABOP_setup_table, &call, 1), 0);
    EXPECT(call.status < 0);
    call.dom = 1234;
    call.nr_frames = 1;
    EXPECT_EQ(grant_op(GNTTABOP_setup_table, &call, 1), 0);
    EXPECT(call.status < 0);
}
GUEST_CASE(transfer_is_not_possible) {
    gnttab_transfer call{};
    void* page = alloc_page();
    call.mfn = mfn_of(page);
    call.domid = 1234;
    call.ref = 8;
    grant_op(GNTTABOP_transfer, &call, 1);
    EXPECT(call.status < 0);
}
GUEST_CASE(arguments_that_cannot_be_read) {
    for (const unsigned command :
         {unsigned{GNTTABOP_map_grant_ref}, unsigned{GNTTABOP_unmap_grant_ref}, unsigned{GNTTABOP_copy},
          unsigned{GNTTABOP_setup_table}, unsigned{GNTTABOP_query_size}, unsigned{GNTTABOP_unmap_and_replace}}) {
        EXPECT_EQ(grant_op(command, reinterpret_cast<void*>(0x1000), 1), efault);
        EXPECT(grant_op(command, reinterpret_cast<void*>(0xffff830000000000UL), 1) < 0);
        EXPECT(grant_op(command, reinterpret_cast<void*>(0x1000), 0x80000000U) < 0);
    }
    EXPECT_EQ(grant_op(1000, nullptr, 0), enosys);
}
GUEST_CASE(swapped_references) {
    REQUIRE(ready());
    auto* first = static_cast<uint64_t*>(alloc_page());
    auto* second = static_cast<uint64_t*>(alloc_page());
    first[0] = 1;
    second[0] = 2;
    offer(50, 0, mfn_of(first));
    offer(51, 0, mfn_of(second));
    gnttab_swap_grant_ref call{50, 51, 0};
    EXPECT_EQ(grant_op(GNTTABOP_swap_grant_ref, &call, 1), 0);
    EXPECT_EQ(call.status, GNTST_okay);
    auto* target = static_cast<uint64_t*>(alloc_page());
    EXPECT_EQ(copy_page(0, 50, target), GNTST_okay);
    EXPECT_EQ(target[0], 2);
    call = {50, 0xffffffff, 0};
    grant_op(GNTTABOP_swap_grant_ref, &call, 1);
    EXPECT(call.status < 0);
    const Mapping mapping = map_grant(0, 50, window(1));
    REQUIRE_EQ(mapping.status, GNTST_okay);
    call = {50, 51, 0};
    grant_op(GNTTABOP_swap_grant_ref, &call, 1);
    EXPECT(call.status < 0); // in use
    EXPECT_EQ(unmap_grant(mapping), GNTST_okay);
    withdraw(50);
    withdraw(51);
}
static void grant_and_die() {
    void* page = alloc_page();
    *static_cast<uint64_t*>(page) = 0xdead;
    if (grant_table() == nullptr) shutdown(SHUTDOWN_crash);
    offer(60, 0, mfn_of(page));
    mailbox.word[0] = 1;
    while (mailbox.word[1] == 0) sched_op(SCHEDOP_yield, nullptr);
    shutdown(SHUTDOWN_poweroff);
}
GUEST_CASE(a_peer_destroyed_while_its_page_is_mapped) {
    REQUIRE(ready());
    static Peer peer;
    REQUIRE_EQ(peer.create(grant_and_die), 0);
    peer.unpause();
    REQUIRE(wait_for([] { return peer.mail[0] == 1; }));
    const Mapping mapping = map_grant(peer.dom, 60, window(1));
    REQUIRE_EQ(mapping.status, GNTST_okay);
    peer.mail[1] = 1;
    EXPECT(peer.wait_shutdown(SHUTDOWN_poweroff));
    EXPECT_EQ(peer.destroy(), 0);
    // The page outlives its owner until we let go.
    EXPECT_EQ(*static_cast<volatile uint64_t*>(window(1)), 0xdead);
    EXPECT_EQ(unmap_grant(mapping), GNTST_okay);
    EXPECT_EQ(try_read(window(1)).vector, page_fault);
    EXPECT(map_grant(peer.dom, 60, window(1)).status < 0);
}
