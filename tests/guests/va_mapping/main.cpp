// SPDX-License-Identifier: MIT
// update_va_mapping: the entry changes by virtual address, stale translations go, foreign frames need their owner's
// name.
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

GUEST_CASE(new_mapping_is_used_at_once) {
    auto* first = static_cast<uint64_t*>(alloc_page());
    auto* second = static_cast<uint64_t*>(alloc_page());
    first[0] = 1;
    second[0] = 2;
    auto* at = static_cast<volatile uint64_t*>(window(0));
    REQUIRE_EQ(window_map(0, entry(mfn_of(first), page_flags)), 0);
    EXPECT_EQ(*at, 1);
    EXPECT_EQ(set_mapping(window(0), entry(mfn_of(second), page_flags), UVMF_INVLPG | UVMF_LOCAL), 0);
    EXPECT_EQ(*at, 2);
    EXPECT_EQ(set_mapping(window(0), entry(mfn_of(first), page_flags), UVMF_TLB_FLUSH | UVMF_LOCAL), 0);
    EXPECT_EQ(*at, 1);
    EXPECT_EQ(set_mapping(window(0), entry(mfn_of(second), page_flags), UVMF_TLB_FLUSH | UVMF_ALL), 0);
    EXPECT_EQ(*at, 2);
    EXPECT_EQ(set_mapping(window(0), entry(mfn_of(first), page_flags), UVMF_INVLPG | UVMF_ALL), 0);
    EXPECT_EQ(*at, 1);
    EXPECT_EQ(window_unmap(0), 0);
}
GUEST_CASE(flush_of_a_set_of_vcpus) {
    void* page = alloc_page();
    static unsigned long set = 1;
    REQUIRE_EQ(window_map(0, entry(mfn_of(page), page_flags)), 0);
    EXPECT_EQ(set_mapping(window(0), 0, reinterpret_cast<unsigned long>(&set) | UVMF_INVLPG | UVMF_MULTI), 0);
    EXPECT_EQ(try_read(window(0)).vector, page_fault);
}
GUEST_CASE(no_flush_at_all_is_allowed) {
    void* page = alloc_page();
    REQUIRE_EQ(window_map(0, entry(mfn_of(page), page_flags)), 0);
    EXPECT_EQ(set_mapping(window(0), 0, UVMF_NONE), 0);
    EXPECT_EQ(*l1_entry(window(0)), 0);
    mmuext(MMUEXT_TLB_FLUSH_LOCAL);
}
GUEST_CASE(no_table_there) {
    void* page = alloc_page();
    EXPECT(set_mapping(reinterpret_cast<void*>(0x7000000000), entry(mfn_of(page), page_flags)) < 0);
    EXPECT(set_mapping(reinterpret_cast<void*>(0x7000000000), 0) < 0);
}
GUEST_CASE(addresses_of_the_hypervisor) {
    void* page = alloc_page();
    for (const uint64_t address :
         {MACH2PHYS_VIRT_START, 0xffff830000000000UL, 0xffff82d040200000UL, 0x1000000000000000UL, ~0UL}) {
        if (address == ~0UL) continue;
        EXPECT(set_mapping(reinterpret_cast<void*>(address), entry(mfn_of(page), page_flags)) < 0);
    }
    EXPECT_EQ(try_read(reinterpret_cast<void*>(MACH2PHYS_VIRT_START)).vector, no_trap);
}
GUEST_CASE(bad_entries) {
    void* page = alloc_page();
    REQUIRE_EQ(window_map(0, entry(mfn_of(page), page_flags)), 0);
    const uint64_t before = *l1_entry(window(0));
    EXPECT(set_mapping(window(0), entry(mfn_of(top_table()), page_flags)) < 0);
    EXPECT(set_mapping(window(0), entry(0xfffffffffULL, page_flags)) < 0);
    EXPECT(set_mapping(window(0), entry(entry_mfn(top_table()[256]), page_flags)) < 0);
    EXPECT_EQ(*l1_entry(window(0)) & frame_mask, before & frame_mask);
    window_unmap(0);
}
GUEST_CASE(other_domain_form_with_self_and_with_none) {
    void* page = alloc_page();
    EXPECT_EQ(set_mapping_of(window(0), entry(mfn_of(page), page_flags), DOMID_SELF), 0);
    window_unmap(0);
    EXPECT(set_mapping_of(window(0), entry(mfn_of(page), page_flags), 1234) < 0);
    EXPECT_EQ(*l1_entry(window(0)), 0);
}
GUEST_CASE(frame_of_a_peer) {
    static Peer peer;
    REQUIRE_EQ(peer.create([] {}), 0);
    const Mfn foreign = peer.frame_of(&mailbox);
    EXPECT(set_mapping(window(0), entry(foreign, page_flags)) < 0);
    EXPECT_EQ(set_mapping_of(window(0), entry(foreign, page_flags), peer.dom), 0);
    *static_cast<volatile uint64_t*>(window(0)) = 5;
    EXPECT_EQ(peer.mail[0], 5);
    EXPECT_EQ(window_unmap(0), 0);
    // Our own frame under the peer's name is refused.
    void* page = alloc_page();
    EXPECT(set_mapping_of(window(0), entry(mfn_of(page), page_flags), peer.dom) < 0);
    EXPECT_EQ(peer.destroy(), 0);
}
GUEST_CASE(page_table_of_a_peer_writable) {
    static Peer peer;
    REQUIRE_EQ(peer.create([] {}), 0);
    EXPECT(set_mapping_of(window(0), entry(peer.top_frame(), page_flags), peer.dom) < 0);
    EXPECT_EQ(set_mapping_of(window(0), entry(peer.top_frame(), page_flags & ~pte_write), peer.dom), 0);
    EXPECT_EQ(try_write(window(0)).vector, page_fault);
    EXPECT_EQ(window_unmap(0), 0);
    EXPECT_EQ(peer.destroy(), 0);
}
