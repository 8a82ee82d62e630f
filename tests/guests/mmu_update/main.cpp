// SPDX-License-Identifier: MIT
// mmu_update as an honest kernel uses it: entries at all levels, accessed and dirty bits kept, the machine-to-physical
// table.
#include "lib/guest.h"

using namespace skerry::guest;

static uint64_t* empty_slot() {
    static bool ready;
    void* page = alloc_page();
    if (!ready) window_map(0, entry(mfn_of(page), page_flags));
    ready = true;
    window_unmap(0);
    free_page(page);
    return l1_entry(window(0));
}

GUEST_CASE(map_and_unmap) {
    auto* page = static_cast<uint64_t*>(alloc_page());
    page[0] = 0x1122334455667788;
    uint64_t* const slot = empty_slot();
    EXPECT_EQ(set_entry(slot, entry(mfn_of(page), page_flags)), 0);
    EXPECT_EQ(*static_cast<uint64_t*>(window(0)), 0x1122334455667788);
    EXPECT_EQ(set_entry(slot, 0), 0);
    EXPECT_EQ(*slot, 0);
    EXPECT_EQ(mmuext(MMUEXT_INVLPG_LOCAL, reinterpret_cast<uint64_t>(window(0))),
              0); // mmu_update leaves flushing to us
    EXPECT_EQ(try_read(window(0)).vector, page_fault);
}
GUEST_CASE(done_counts_the_whole_batch) {
    void* page = alloc_page();
    uint64_t* const slot = empty_slot();
    mmu_update_t requests[8];
    for (unsigned i = 0; i < 8; i++) requests[i] = {machine_of(slot + i), entry(mfn_of(page), page_flags)};
    unsigned done = 99;
    EXPECT_EQ(hypercall(__HYPERVISOR_mmu_update, requests, 8, &done, DOMID_SELF), 0);
    EXPECT_EQ(done, 8);
    for (unsigned i = 0; i < 8; i++) EXPECT_EQ(entry_mfn(slot[i]), mfn_of(page));
    for (auto& request : requests) request.val = 0;
    EXPECT_EQ(hypercall(__HYPERVISOR_mmu_update, requests, 8, nullptr, DOMID_SELF), 0);
}
GUEST_CASE(a_batch_stops_at_its_first_bad_entry) {
    void* page = alloc_page();
    uint64_t* const slot = empty_slot();
    mmu_update_t requests[4];
    for (unsigned i = 0; i < 4; i++) requests[i] = {machine_of(slot + i), entry(mfn_of(page), page_flags)};
    requests[2].val = entry(0xffffffffffULL, page_flags);
    unsigned done = 99;
    EXPECT(hypercall(__HYPERVISOR_mmu_update, requests, 4, &done, DOMID_SELF) < 0);
    EXPECT_EQ(done, 2);
    EXPECT(slot[1] != 0);
    EXPECT_EQ(slot[2], 0);
    EXPECT_EQ(slot[3], 0);
    for (unsigned i = 0; i < 4; i++) set_entry(slot + i, 0);
}
GUEST_CASE(empty_batch) {
    unsigned done = 99;
    EXPECT_EQ(hypercall(__HYPERVISOR_mmu_update, nullptr, 0, &done, DOMID_SELF), 0);
    EXPECT_EQ(done, 0);
}
GUEST_CASE(preserve_keeps_accessed_and_dirty) {
    void* page = alloc_page();
    uint64_t* const slot = empty_slot();
    const uint64_t clean = entry(mfn_of(page), pte_present | pte_write | pte_user);
    REQUIRE_EQ(set_entry(slot, clean), 0);
    EXPECT_EQ(*slot & (pte_accessed | pte_dirty), 0);
    EXPECT_EQ(try_write(window(0)).vector, no_trap);
    EXPECT_EQ(*slot & (pte_accessed | pte_dirty), pte_accessed | pte_dirty);
    EXPECT_EQ(update(machine_of(slot) | MMU_PT_UPDATE_PRESERVE_AD, clean & ~pte_write), 0);
    EXPECT_EQ(*slot & (pte_accessed | pte_dirty | pte_write), pte_accessed | pte_dirty);
    EXPECT_EQ(update(machine_of(slot) | MMU_NORMAL_PT_UPDATE, clean & ~pte_write), 0);
    EXPECT_EQ(*slot & (pte_accessed | pte_dirty), 0);
    set_entry(slot, 0);
}
GUEST_CASE(no_translate_updates_too) {
    void* page = alloc_page();
    uint64_t* const slot = empty_slot();
    EXPECT_EQ(update(machine_of(slot) | MMU_PT_UPDATE_NO_TRANSLATE, entry(mfn_of(page), page_flags)), 0);
    EXPECT_EQ(entry_mfn(*slot), mfn_of(page));
    set_entry(slot, 0);
}
GUEST_CASE(machphys_update_is_seen) {
    void* page = alloc_page();
    const Mfn mfn = mfn_of(page);
    const uint64_t pfn = mfn_to_pfn(mfn);
    EXPECT_EQ(update(mfn << 12 | MMU_MACHPHYS_UPDATE, 0x123456), 0);
    EXPECT_EQ(mfn_to_pfn(mfn), 0x123456);
    EXPECT_EQ(update(mfn << 12 | MMU_MACHPHYS_UPDATE, pfn), 0);
    EXPECT_EQ(mfn_to_pfn(mfn), pfn);
}
GUEST_CASE(machphys_of_a_foreign_frame_is_refused) {
    const Mfn foreign = 0x10; // low memory is never the first domain's PV memory
    EXPECT(update(foreign << 12 | MMU_MACHPHYS_UPDATE, 1) < 0);
    EXPECT(update(0xfffffffffULL << 12 | MMU_MACHPHYS_UPDATE, 1) < 0);
}
GUEST_CASE(unknown_command_bits_are_refused) {
    uint64_t* const slot = empty_slot();
    EXPECT(update((machine_of(slot) & ~7ULL) | 4, 0) < 0 || *slot == 0);
    EXPECT_EQ(*slot, 0);
}
GUEST_CASE(a_plain_page_takes_plain_words) {
    // A frame that is no page table: Xen writes the word if the frame can be had for writing.
    auto* page = static_cast<uint64_t*>(alloc_page());
    EXPECT_EQ(update(machine_of(&page[5]), 0xabcdef), 0);
    EXPECT_EQ(page[5], 0xabcdef);
}
GUEST_CASE(not_present_entries_hold_anything) {
    uint64_t* const slot = empty_slot();
    EXPECT_EQ(set_entry(slot, 0x0fff123456789ULL << 12 | pte_write | pte_user), 0);
    EXPECT_EQ(*slot, 0x0fff123456789ULL << 12 | pte_write | pte_user);
    EXPECT_EQ(set_entry(slot, 0), 0);
}
GUEST_CASE(no_execute_is_kept) {
    void* page = alloc_page();
    uint64_t* const slot = empty_slot();
    EXPECT_EQ(set_entry(slot, entry(mfn_of(page), page_flags | pte_nx)), 0);
    EXPECT(*slot & pte_nx);
    *static_cast<uint8_t*>(page) = 0xc3; // ret
    const Trap trap = attempt([] { asm volatile("call *%0" ::"r"(window(0)) : "memory"); });
    EXPECT_EQ(trap.vector, page_fault);
    EXPECT(trap.error & fault_fetch);
    EXPECT_EQ(set_mapping(window(0), entry(mfn_of(page), page_flags)), 0);
    EXPECT_EQ(attempt([] { asm volatile("call *%0" ::"r"(window(0)) : "memory"); }).vector, no_trap);
    set_entry(slot, 0);
}
GUEST_CASE(upper_levels_change_too) {
    auto* l1 = static_cast<uint64_t*>(alloc_page());
    auto* page = static_cast<uint64_t*>(alloc_page());
    page[0] = 42;
    l1[7] = entry(mfn_of(page), page_flags);
    REQUIRE_EQ(make_readonly(l1), 0);
    uint64_t* const l2_slot = level_entry(static_cast<char*>(window(0)) + (2UL << 21), 2);
    EXPECT_EQ(set_entry(l2_slot, entry(mfn_of(l1), table_flags)), 0);
    EXPECT_EQ(
        *reinterpret_cast<uint64_t*>((reinterpret_cast<uint64_t>(window(0)) & ~0x1fffffUL) + (2UL << 21) + 7 * 4096),
        42);
    EXPECT_EQ(set_entry(l2_slot, 0), 0);
    EXPECT_EQ(mmuext(MMUEXT_TLB_FLUSH_LOCAL), 0);
    EXPECT_EQ(make_writable(l1), 0);
}
GUEST_CASE(the_top_table_may_show_itself_but_never_writable) {
    uint64_t* const slot = &top_table()[17];
    REQUIRE_EQ(*slot, 0);
    const uint64_t self = entry(mfn_of(top_table()), table_flags & ~pte_write);
    const bool accepted = set_entry(slot, self) == 0; // Xen's answer; it may also be refused
    const auto* seen = reinterpret_cast<const uint64_t*>(17UL << 39 | 17UL << 30 | 17UL << 21 | 17UL << 12);
    if (accepted) EXPECT_EQ(seen[17], *slot);
    EXPECT(set_entry(slot, self | pte_write) < 0);
    EXPECT_EQ(*slot & pte_write, 0);
    EXPECT_EQ(try_store(const_cast<uint64_t*>(&seen[18]), 0).vector, page_fault);
    EXPECT_EQ(set_entry(slot, 0), 0);
}
