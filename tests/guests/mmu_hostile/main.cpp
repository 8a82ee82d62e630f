// SPDX-License-Identifier: MIT
// Entries a hostile kernel would like to have. Each must be refused with nothing changed, and the guest must live on.
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

static uint64_t* empty_slot() {
    void* page = alloc_page();
    window_map(0, entry(mfn_of(page), page_flags));
    window_unmap(0);
    free_page(page);
    return l1_entry(window(0));
}
// Refused, and the slot is as it was.
static bool refused(uint64_t* slot, uint64_t value) {
    const uint64_t before = *slot;
    const long result = set_entry(slot, value);
    return result < 0 && *slot == before;
}

GUEST_CASE(frame_beyond_memory) {
    uint64_t* const slot = empty_slot();
    EXPECT(refused(slot, entry(0xfffffffffULL, page_flags)));
    EXPECT(refused(slot, entry(0xffffffffffULL, page_flags & ~pte_write)));
}
GUEST_CASE(frames_of_the_hypervisor) {
    // The frames behind Xen's slots of our own L4 are Xen's; so are the M2P's.
    uint64_t* const slot = empty_slot();
    for (unsigned index = 256; index < 272; index++) {
        const uint64_t value = top_table()[index];
        if ((value & pte_present) == 0 || entry_mfn(value) == mfn_of(top_table()))
            continue; // a linear map leads back to us
        EXPECT(refused(slot, entry(entry_mfn(value), page_flags)));
        EXPECT(refused(slot, entry(entry_mfn(value), page_flags & ~pte_write)));
    }
}
GUEST_CASE(frame_of_another_domain_by_name_of_self) {
    static Peer peer;
    REQUIRE_EQ(peer.create([] {}), 0);
    uint64_t* const slot = empty_slot();
    const Mfn foreign = peer.frame_of(&mailbox);
    EXPECT(refused(slot, entry(foreign, page_flags)));
    // The right name, and it works: this domain may.
    EXPECT_EQ(update(machine_of(slot), entry(foreign, page_flags), peer.dom), 0);
    EXPECT_EQ(set_entry(slot, 0), 0);
    EXPECT_EQ(peer.destroy(), 0);
}
GUEST_CASE(page_table_mapped_writable) {
    uint64_t* const slot = empty_slot();
    for (const unsigned level : {1U, 2U, 3U}) {
        const Mfn table = entry_mfn(*level_entry(image_base(), level + 1));
        EXPECT(refused(slot, entry(table, page_flags)));
        EXPECT_EQ(set_entry(slot, entry(table, page_flags & ~pte_write)), 0);
        EXPECT_EQ(set_entry(slot, 0), 0);
    }
    EXPECT(refused(slot, entry(mfn_of(top_table()), page_flags)));
}
GUEST_CASE(page_table_made_writable_in_place) {
    uint64_t* const slot = l1_entry(top_table());
    EXPECT(refused(slot, *slot | pte_write));
    EXPECT(set_mapping(top_table(), *slot | pte_write) < 0);
}
GUEST_CASE(writable_page_hooked_as_table) {
    void* page = alloc_page(); // still mapped writable
    for (const unsigned level : {2U, 3U, 4U}) {
        uint64_t* const slot = level == 4   ? &top_table()[3]
                               : level == 3 ? level_entry(image_base(), 3) - 300
                                            : level_entry(window(0), 2) + 9;
        EXPECT(refused(slot, entry(mfn_of(page), table_flags)));
    }
}
GUEST_CASE(table_of_the_wrong_level) {
    // Our L2 as an L1, our L1 as an L2 ... the type is taken.
    const Mfn l1 = entry_mfn(*level_entry(image_base(), 2)), l2 = entry_mfn(*level_entry(image_base(), 3)),
              l3 = entry_mfn(*level_entry(image_base(), 4));
    uint64_t* const l2_slot = level_entry(window(0), 2) + 9;
    uint64_t* const l3_slot = level_entry(image_base(), 3) - 300;
    EXPECT(refused(l2_slot, entry(l2, table_flags)));
    EXPECT(refused(l2_slot, entry(l3, table_flags)));
    EXPECT(refused(l3_slot, entry(l1, table_flags)));
    EXPECT(refused(&top_table()[3], entry(l2, table_flags)));
    EXPECT(refused(&top_table()[3], entry(l1, table_flags)));
}
GUEST_CASE(super_pages) {
    uint64_t* const l2_slot = level_entry(window(0), 2) + 9;
    uint64_t* const l3_slot = level_entry(image_base(), 3) - 300;
    void* page = alloc_page();
    EXPECT(refused(l2_slot, entry(mfn_of(page) & ~511ULL, page_flags | pte_large)));
    EXPECT(refused(l3_slot, entry(0, page_flags | pte_large)));
    EXPECT(refused(&top_table()[3], entry(0, page_flags | pte_large)));
}
GUEST_CASE(reserved_address_bits) {
    uint64_t* const slot = empty_slot();
    void* page = alloc_page();
    EXPECT(refused(slot, entry(mfn_of(page), page_flags) | 1ULL << 51));
    EXPECT(refused(level_entry(window(0), 2) + 9, entry(mfn_of(page), table_flags) | 1ULL << 51));
}
GUEST_CASE(slots_of_the_hypervisor_in_the_l4) {
    for (unsigned index = 256; index < 272; index++) {
        const uint64_t before = top_table()[index];
        EXPECT(update(machine_of(&top_table()[index]), 0) < 0);
        EXPECT(update(machine_of(&top_table()[index]), entry(entry_mfn(*level_entry(image_base(), 4)), table_flags)) <
               0);
        EXPECT_EQ(top_table()[index], before);
    }
}
GUEST_CASE(writing_a_table_of_another_domain) {
    static Peer peer;
    REQUIRE_EQ(peer.create([] {}), 0);
    // Its table as if it were ours.
    EXPECT(update(peer.frame_of(&mailbox) << 12, 0) < 0);
    EXPECT_EQ(peer.destroy(), 0);
}
GUEST_CASE(unaligned_pointer) {
    uint64_t* const slot = empty_slot();
    void* page = alloc_page();
    // Bits 0 and 1 are the command; bit 2 set makes the place unaligned.
    const long result = update(machine_of(slot) + 4, entry(mfn_of(page), page_flags));
    EXPECT(result < 0 || (slot[0] & 0xffffffff00000000) == 0);
    if (result == 0) set_entry(slot, 0);
}
GUEST_CASE(unknown_domain_and_reserved_domids) {
    uint64_t* const slot = empty_slot();
    void* page = alloc_page();
    EXPECT_EQ(update(machine_of(slot), entry(mfn_of(page), page_flags), 1234), esrch);
    EXPECT(update(machine_of(slot), entry(mfn_of(page), page_flags), DOMID_XEN) < 0);
    EXPECT(update(machine_of(slot), entry(mfn_of(page), page_flags), DOMID_INVALID) < 0);
    EXPECT_EQ(*slot, 0);
}
GUEST_CASE(requests_that_cannot_be_read) {
    unsigned done = 7;
    EXPECT_EQ(hypercall(__HYPERVISOR_mmu_update, 0x1000, 1, &done, DOMID_SELF), efault);
    EXPECT_EQ(hypercall(__HYPERVISOR_mmu_update, 0xffff830000000000UL, 1, &done, DOMID_SELF), efault);
    EXPECT_EQ(hypercall(__HYPERVISOR_mmu_update, 0x1000000000000000UL, 1, &done, DOMID_SELF), efault);
}
GUEST_CASE(result_written_into_the_hypervisor) {
    mmu_update_t nothing{};
    const uint64_t before = top_table()[256];
    const long result = hypercall(__HYPERVISOR_mmu_update, &nothing, 0, 0xffff830000000000UL, DOMID_SELF);
    EXPECT(result <= 0);
    EXPECT_EQ(top_table()[256], before);
    // Into a read-only page of ours:
    void* page = alloc_page();
    REQUIRE_EQ(make_readonly(page), 0);
    hypercall(__HYPERVISOR_mmu_update, &nothing, 0, page, DOMID_SELF);
    EXPECT_EQ(*static_cast<uint64_t*>(page), 0);
    make_writable(page);
}
GUEST_CASE(absurd_counts) {
    mmu_update_t nothing{};
    unsigned done = 0;
    EXPECT(hypercall(__HYPERVISOR_mmu_update, &nothing, 0x7fffffff, &done, DOMID_SELF) < 0);
    EXPECT(hypercall(__HYPERVISOR_mmu_update, &nothing, 0xffffffff, &done, DOMID_SELF) < 0);
}
GUEST_CASE(io_memory_needs_its_own_name) {
    // The local APIC's page is nobody's RAM: not as ours; never at all.
    uint64_t* const slot = empty_slot();
    EXPECT(refused(slot, entry(0xfee00, page_flags)));
    EXPECT(update(machine_of(slot), entry(0xfee00, page_flags), DOMID_IO) < 0);
    EXPECT_EQ(*slot, 0);
}
