// SPDX-License-Identifier: MIT
// Linear page tables (pv-linear-pt on Xen): a read-only entry that leads to a table of its own level, so that a kernel reads
// its page tables in its own address space. NetBSD's does. And what a hostile kernel would make of it.
#include "lib/guest.h"

using namespace skerry::guest;

constexpr unsigned slot = 7;                   // of our L4, unused otherwise
constexpr uint64_t linear_flags = pte_present; // no write permission
constexpr unsigned direct_map_slot = 262;      // of the hypervisor, here and on Xen

// An address that is reached by the indices given, from the L4 down.
static uint64_t by_indices(uint64_t l4, uint64_t l3, uint64_t l2, uint64_t l1, uint64_t offset = 0) {
    const uint64_t low = l4 << 39 | l3 << 30 | l2 << 21 | l1 << 12 | offset;
    return l4 < 256 ? low : low | 0xffff000000000000;
}
static uint64_t index_of(const void* at, unsigned level) {
    return reinterpret_cast<uint64_t>(at) >> (12 + 9 * (level - 1)) & 511;
}
// Where the L1 entry of `at` stands if `slot` leads back to our L4.
static uint64_t* linear_entry(const void* at) {
    return reinterpret_cast<uint64_t*>(
        by_indices(slot, index_of(at, 4), index_of(at, 3), index_of(at, 2), 8 * index_of(at, 1)));
}
static long set_linear(bool on) {
    return set_entry(&top_table()[slot], on ? entry(mfn_of(top_table()), linear_flags) : 0);
}

// A page made read-only, so that it can become a table. `first`: its entry 0.
static Mfn table_of(void* page, uint64_t first = 0) {
    *static_cast<uint64_t*>(page) = first;
    return make_readonly(page) == 0 ? mfn_of(page) : 0;
}
static bool is_refused(const uint64_t* where, uint64_t value) {
    const uint64_t before = *where;
    return set_entry(where, value) == einval && *where == before;
}

GUEST_CASE(tables_are_read_by_way_of_the_slot) {
    REQUIRE_EQ(set_linear(true), 0);
    void* page = alloc_page();
    EXPECT_EQ(*linear_entry(page), *l1_entry(page));
    REQUIRE_EQ(make_readonly(page), 0);
    EXPECT_EQ(*linear_entry(page), *l1_entry(page));
    EXPECT_EQ(make_writable(page), 0);
    EXPECT_EQ(*reinterpret_cast<uint64_t*>(by_indices(slot, slot, slot, slot, 8 * slot)), top_table()[slot]);
    EXPECT_EQ(set_linear(false), 0);
    mmuext(MMUEXT_TLB_FLUSH_LOCAL);
    EXPECT_EQ(attempt([=] { (void)*const_cast<volatile uint64_t*>(linear_entry(page)); }).vector, page_fault);
}
GUEST_CASE(tables_are_not_written_by_way_of_the_slot) {
    REQUIRE_EQ(set_linear(true), 0);
    void* page = alloc_page();
    EXPECT_EQ(try_store(linear_entry(page), 0).vector, page_fault);
    // By request, yes: the entry's machine address counts.
    EXPECT_EQ(set_entry(l1_entry(page), *linear_entry(page)), 0);
    // As the mapping of a linear address, no: that is an entry of an L2 table, or a higher one.
    EXPECT_EQ(set_mapping(linear_entry(page), entry(mfn_of(page), page_flags)), einval);
    EXPECT_EQ(set_mapping(reinterpret_cast<void*>(by_indices(slot, slot, slot, 1)), entry(mfn_of(page), page_flags)),
              einval);
    EXPECT_EQ(set_linear(false), 0);
}
GUEST_CASE(a_writable_linear_entry_is_refused) {
    EXPECT(is_refused(&top_table()[slot], entry(mfn_of(top_table()), table_flags)));
    REQUIRE_EQ(set_linear(true), 0);
    // By the change of one bit, in each of the ways to write an entry.
    const uint64_t writable = top_table()[slot] | pte_write;
    EXPECT(is_refused(&top_table()[slot], writable));
    EXPECT_EQ(update(machine_of(&top_table()[slot]) | MMU_PT_UPDATE_PRESERVE_AD, writable), einval);
    EXPECT_EQ(update(machine_of(&top_table()[slot]) | MMU_PT_UPDATE_NO_TRANSLATE, writable), einval);
    EXPECT_EQ(top_table()[slot] & pte_write, 0);
    EXPECT_EQ(set_linear(false), 0);
}
GUEST_CASE(at_each_level_and_gone_with_its_table) {
    for (unsigned level = 2; level <= 4; level++) {
        void* page = alloc_page();
        const Mfn table = table_of(page, entry(mfn_of(page), table_flags));
        REQUIRE(table);
        EXPECT_EQ(pin(level, table), einval);
        REQUIRE_EQ(make_writable(page), 0);
        REQUIRE_EQ(table_of(page, entry(table, linear_flags)), table);
        EXPECT_EQ(pin(level, table), 0);
        EXPECT(make_writable(page) < 0);
        EXPECT_EQ(unpin(table), 0);
        EXPECT_EQ(make_writable(page), 0); // nothing of it is in use any more
        free_page(page);
    }
}
GUEST_CASE(to_another_table_but_not_in_a_cycle) {
    void *first = alloc_page(), *second = alloc_page();
    const Mfn a = table_of(first), b = table_of(second);
    REQUIRE_EQ(pin(4, a), 0);
    REQUIRE_EQ(pin(4, b), 0);
    uint64_t *const in_a = static_cast<uint64_t*>(first) + slot, *const in_b = static_cast<uint64_t*>(second) + slot;
    EXPECT(is_refused(in_a, entry(b, table_flags)));
    EXPECT_EQ(set_entry(in_a, entry(b, linear_flags)), 0);
    EXPECT(is_refused(in_b, entry(a, linear_flags)));
    EXPECT(is_refused(&top_table()[slot], entry(a, linear_flags))); // a leads to b already
    EXPECT_EQ(set_entry(in_b, entry(b, linear_flags)), 0);
    EXPECT_EQ(unpin(b), 0);
    EXPECT(make_writable(second) < 0); // a holds it
    EXPECT_EQ(unpin(a), 0);
    EXPECT_EQ(make_writable(first), 0);
    EXPECT_EQ(make_writable(second), 0);
}
GUEST_CASE(a_table_that_is_not_validated_yet_is_no_linear_one) {
    // It becomes a table of the level below; then it cannot be led to as one of this level, nor used as one.
    void *first = alloc_page(), *second = alloc_page();
    const Mfn b = table_of(second), a = table_of(first, entry(b, linear_flags));
    REQUIRE_EQ(pin(4, a), 0);
    EXPECT_EQ(pin(4, b), einval);
    EXPECT_EQ(pin(3, b), 0);
    EXPECT_EQ(unpin(b), 0);
    EXPECT_EQ(unpin(a), 0);
    EXPECT_EQ(make_writable(first), 0);
    EXPECT_EQ(make_writable(second), 0);
}
GUEST_CASE(a_table_is_not_reached_again_from_below) {
    void *first = alloc_page(), *second = alloc_page();
    const Mfn upper = table_of(first), lower = table_of(second, entry(upper, linear_flags));
    REQUIRE_EQ(make_writable(first), 0);
    REQUIRE_EQ(table_of(first, entry(lower, table_flags)), upper);
    EXPECT_EQ(pin(4, upper), einval);
    EXPECT_EQ(make_writable(first), 0);
    EXPECT_EQ(make_writable(second), 0);
}
GUEST_CASE(the_hypervisors_tables_are_not_read_by_way_of_the_slot) {
    REQUIRE_EQ(set_linear(true), 0);
    // Our L4 walked as an L3 has the hypervisor's slots in it. The hypervisor's tables below them, each a level lower:
    // that is 4 KiB of the machine's second 2 MiB.
    const uint64_t inside = by_indices(slot, direct_map_slot, 0, 1);
    EXPECT_EQ(try_read(reinterpret_cast<void*>(inside)).vector, page_fault);
    EXPECT_EQ(try_read(reinterpret_cast<void*>(by_indices(slot, slot, direct_map_slot, 0))).vector, page_fault);
    EXPECT_EQ(try_read(reinterpret_cast<void*>(by_indices(slot, slot, slot, direct_map_slot))).vector, page_fault);
    EXPECT_EQ(set_linear(false), 0);
}
// Debian's Xen 4.17 reads there for us, and fails this.
GUEST_CASE(nor_does_the_hypervisor_read_its_tables_for_us) {
    REQUIRE_EQ(set_linear(true), 0);
    const uint64_t inside = by_indices(slot, direct_map_slot, 0, 1);
    EXPECT_EQ(hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, inside), efault);
    EXPECT_EQ(hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, inside - 2), efault);
    EXPECT_EQ(hypercall(__HYPERVISOR_mmu_update, inside, 1, 0, DOMID_SELF), efault);
    EXPECT_EQ(hypercall(__HYPERVISOR_multicall, inside, 1), efault);
    EXPECT_EQ(hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, 8, inside), efault);
    // Elsewhere it reads as before.
    evtchn_send nobody{4000};
    EXPECT_EQ(event_op(EVTCHNOP_send, &nobody), einval);
    EXPECT_EQ(set_linear(false), 0);
}
