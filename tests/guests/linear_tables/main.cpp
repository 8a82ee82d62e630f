// SPDX-License-Identifier: MIT
// Page tables that contain themselves: a read-only entry of an L4 that leads to the L4 makes every table of the address
// space appear as memory. NetBSD, and kernels of its kind, edit their page tables there.
#include "lib/guest.h"

using namespace skerry::guest;

namespace {

constexpr unsigned long slot = 100; // of the L4, free
constexpr uint64_t read_only = table_flags & ~pte_write;

uint64_t* own_slot() { return &top_table()[slot]; }
long link_own() { return set_entry(own_slot(), entry(mfn_of(top_table()), read_only)); }
long unlink_own() { return set_entry(own_slot(), 0); }

// Where the L1 entry of `at`, and the L4 itself, appear.
volatile uint64_t* linear_l1(const void* at) {
    const auto address = reinterpret_cast<uint64_t>(at) & 0x0000ffffffffffff;
    return reinterpret_cast<volatile uint64_t*>(slot << 39 | (address >> 12 << 3));
}
volatile uint64_t* linear_l4(unsigned index) {
    return reinterpret_cast<volatile uint64_t*>(slot << 39 | slot << 30 | slot << 21 | slot << 12 | index * 8ul);
}

} // namespace

GUEST_CASE(a_readonly_entry_is_accepted_and_a_writable_one_refused) {
    EXPECT_EQ(link_own(), 0);
    EXPECT_EQ(set_entry(own_slot(), entry(mfn_of(top_table()), table_flags)), einval);
    EXPECT_EQ(unlink_own(), 0);
    EXPECT_EQ(set_entry(own_slot(), entry(mfn_of(top_table()), table_flags)), einval);
}
GUEST_CASE(tables_appear_as_memory) {
    REQUIRE_EQ(link_own(), 0);
    auto* page = static_cast<uint8_t*>(alloc_page());
    EXPECT_EQ(attempt([] { (void)*linear_l4(slot); }).vector, no_trap);
    EXPECT_EQ(entry_mfn(*linear_l4(slot)), mfn_of(top_table()));
    EXPECT_EQ(*linear_l1(page), *l1_entry(page));
    EXPECT_EQ(entry_mfn(*linear_l1(page)), mfn_of(page));
    EXPECT_EQ(unlink_own(), 0);
}
GUEST_CASE(they_are_changed_elsewhere) {
    REQUIRE_EQ(link_own(), 0);
    auto* page = static_cast<uint64_t*>(alloc_page());
    page[0] = 99;
    REQUIRE_EQ(window_map(0, entry(mfn_of(page), page_flags)), 0); // so that there is an L1
    REQUIRE_EQ(window_unmap(0), 0);
    volatile uint64_t* const place = linear_l1(window(0));
    EXPECT_EQ(*place, 0);
    const uint64_t value = entry(mfn_of(page), page_flags);
    EXPECT_EQ(attempt([=] { *place = value; }).vector, page_fault); // the write is not carried out here
    EXPECT_EQ(attempt([] { *linear_l4(slot + 1) = 0; }).vector, page_fault);
    EXPECT_EQ(window_map(0, value), 0);
    EXPECT_EQ(*place & frame_mask, value & frame_mask);
    EXPECT_EQ(*static_cast<uint64_t*>(window(0)), 99);
    EXPECT_EQ(window_unmap(0), 0);
    EXPECT_EQ(unlink_own(), 0);
}
GUEST_CASE(a_new_address_space_brings_its_own) {
    auto* l4 = static_cast<uint64_t*>(alloc_page());
    for (unsigned i = 0; i < 512; i++)
        if (i < 256 || i >= 272) l4[i] = top_table()[i];
    l4[slot] = entry(mfn_of(l4), read_only);
    REQUIRE_EQ(make_readonly(l4), 0);
    REQUIRE_EQ(pin(4, mfn_of(l4)), 0);
    EXPECT_EQ(mmuext(MMUEXT_NEW_BASEPTR, mfn_of(l4)), 0);
    EXPECT_EQ(attempt([] { (void)*linear_l4(slot); }).vector, no_trap);
    EXPECT_EQ(entry_mfn(*linear_l4(slot)), mfn_of(l4));
    EXPECT_EQ(mmuext(MMUEXT_NEW_BASEPTR, mfn_of(top_table())), 0);
    EXPECT_EQ(unpin(mfn_of(l4)), 0);
    EXPECT_EQ(make_writable(l4), 0); // nothing of it is left behind
}
