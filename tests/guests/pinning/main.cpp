// SPDX-License-Identifier: MIT
// Page tables as typed frames: pin and unpin at each level, what a pin holds, and everything that must not pass as a
// table.
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

struct Tree {
    uint64_t* table[5]; // by level; [0] is a page
    Mfn mfn(unsigned level) const { return mfn_of(table[level]); }
    bool readonly() {
        for (unsigned level = 1; level <= 4; level++)
            if (make_readonly(table[level]) != 0) return false;
        return true;
    }
    void free() {
        for (unsigned level = 1; level <= 4; level++) make_writable(table[level]);
        for (auto* page : table) free_page(page);
    }
};
static Tree build_tree() {
    Tree tree;
    for (auto& page : tree.table) page = static_cast<uint64_t*>(alloc_page());
    for (unsigned level = 1; level <= 4; level++)
        tree.table[level][3] = entry(mfn_of(tree.table[level - 1]), page_flags);
    return tree;
}

GUEST_CASE(pin_and_unpin_each_level) {
    Tree tree = build_tree();
    REQUIRE(tree.readonly());
    for (unsigned level = 1; level <= 4; level++) {
        EXPECT_EQ(pin(level, tree.mfn(level)), 0);
        EXPECT_EQ(unpin(tree.mfn(level)), 0);
    }
    tree.free();
}
GUEST_CASE(a_pinned_table_cannot_become_writable) {
    Tree tree = build_tree();
    REQUIRE(tree.readonly());
    REQUIRE_EQ(pin(4, tree.mfn(4)), 0);
    for (unsigned level = 1; level <= 4; level++) EXPECT(make_writable(tree.table[level]) < 0);
    EXPECT_EQ(unpin(tree.mfn(4)), 0);
    for (unsigned level = 1; level <= 4; level++) EXPECT_EQ(make_writable(tree.table[level]), 0);
    tree.free();
}
GUEST_CASE(a_writable_page_cannot_be_pinned) {
    Tree tree = build_tree();
    for (unsigned level = 1; level <= 4; level++) EXPECT(pin(level, tree.mfn(level)) < 0);
    tree.free();
}
GUEST_CASE(a_tree_with_a_writable_leaf_table_is_refused_whole) {
    Tree tree = build_tree();
    for (unsigned level = 2; level <= 4; level++) REQUIRE_EQ(make_readonly(tree.table[level]), 0);
    EXPECT(pin(4, tree.mfn(4)) < 0);
    // Nothing is left typed: all can be written again.
    for (unsigned level = 1; level <= 4; level++) EXPECT_EQ(make_writable(tree.table[level]), 0);
    tree.free();
}
GUEST_CASE(pinned_twice) {
    Tree tree = build_tree();
    REQUIRE(tree.readonly());
    REQUIRE_EQ(pin(1, tree.mfn(1)), 0);
    EXPECT(pin(1, tree.mfn(1)) < 0);
    EXPECT_EQ(unpin(tree.mfn(1)), 0);
    EXPECT(unpin(tree.mfn(1)) < 0);
    tree.free();
}
GUEST_CASE(unpin_of_what_was_never_pinned) {
    void* page = alloc_page();
    EXPECT_EQ(unpin(mfn_of(page)), einval);
    EXPECT(unpin(0xfffffffffULL) < 0);
    EXPECT(unpin(0x10) < 0);
}
GUEST_CASE(pinned_as_one_level_refused_as_another) {
    Tree tree = build_tree();
    REQUIRE(tree.readonly());
    REQUIRE_EQ(pin(1, tree.mfn(1)), 0);
    for (const unsigned level : {2U, 3U, 4U}) EXPECT(pin(level, tree.mfn(1)) < 0);
    EXPECT_EQ(unpin(tree.mfn(1)), 0);
    tree.free();
}
GUEST_CASE(an_l1_that_maps_itself_writable) {
    auto* l1 = static_cast<uint64_t*>(alloc_page());
    l1[0] = entry(mfn_of(l1), page_flags);
    REQUIRE_EQ(make_readonly(l1), 0);
    EXPECT(pin(1, mfn_of(l1)) < 0);
    EXPECT_EQ(make_writable(l1), 0);
    l1[0] = entry(mfn_of(l1), page_flags & ~pte_write);
    REQUIRE_EQ(make_readonly(l1), 0);
    EXPECT_EQ(pin(1, mfn_of(l1)), 0);
    EXPECT_EQ(unpin(mfn_of(l1)), 0);
    make_writable(l1);
}
GUEST_CASE(an_l1_that_maps_another_table_writable) {
    Tree tree = build_tree();
    REQUIRE(tree.readonly());
    REQUIRE_EQ(pin(4, tree.mfn(4)), 0);
    auto* l1 = static_cast<uint64_t*>(alloc_page());
    l1[0] = entry(tree.mfn(2), page_flags);
    REQUIRE_EQ(make_readonly(l1), 0);
    EXPECT(pin(1, mfn_of(l1)) < 0);
    make_writable(l1);
    l1[0] = entry(tree.mfn(2), page_flags & ~pte_write);
    REQUIRE_EQ(make_readonly(l1), 0);
    EXPECT_EQ(pin(1, mfn_of(l1)), 0);
    EXPECT_EQ(unpin(mfn_of(l1)), 0);
    make_writable(l1);
    EXPECT_EQ(unpin(tree.mfn(4)), 0);
    tree.free();
}
GUEST_CASE(an_l1_with_a_bad_last_entry_leaves_nothing_behind) {
    auto* l1 = static_cast<uint64_t*>(alloc_page());
    void* page = alloc_page();
    for (unsigned i = 0; i < 511; i++) l1[i] = entry(mfn_of(page), page_flags);
    l1[511] = entry(0xfffffffffULL, page_flags);
    REQUIRE_EQ(make_readonly(l1), 0);
    EXPECT(pin(1, mfn_of(l1)) < 0);
    EXPECT_EQ(make_writable(l1), 0);
    // The page's writable references are gone: once unmapped here it can be a table itself.
    REQUIRE_EQ(make_readonly(page), 0);
    EXPECT_EQ(pin(1, mfn_of(page)), 0);
    EXPECT_EQ(unpin(mfn_of(page)), 0);
    make_writable(page);
}
GUEST_CASE(references_are_counted) {
    // 512 writable mappings of one page keep it from being a table until the last is gone.
    auto* l1 = static_cast<uint64_t*>(alloc_page());
    auto* page = static_cast<uint64_t*>(alloc_page());
    for (unsigned i = 0; i < 512; i++) l1[i] = entry(mfn_of(page), page_flags);
    REQUIRE_EQ(make_readonly(l1), 0);
    REQUIRE_EQ(make_readonly(page), 0);
    REQUIRE_EQ(pin(1, mfn_of(l1)), 0);
    for (unsigned i = 0; i < 512; i++) {
        if (i % 64 == 0) EXPECT(pin(1, mfn_of(page)) < 0);
        if (set_entry(&l1[i], 0) != 0) return (void)EXPECT(!"an entry could not be cleared");
    }
    EXPECT_EQ(pin(1, mfn_of(page)), 0);
    EXPECT_EQ(unpin(mfn_of(page)), 0);
    EXPECT_EQ(unpin(mfn_of(l1)), 0);
    make_writable(l1);
    make_writable(page);
}
GUEST_CASE(a_recursive_l4_is_readonly_or_refused) {
    auto* l4 = static_cast<uint64_t*>(alloc_page());
    l4[510] = entry(mfn_of(l4), table_flags & ~pte_write);
    REQUIRE_EQ(make_readonly(l4), 0);
    const long result = pin(4, mfn_of(l4)); // Xen allows linear page tables by default for read-only entries
    if (result == 0) EXPECT_EQ(unpin(mfn_of(l4)), 0);
    make_writable(l4);
    l4[510] = entry(mfn_of(l4), table_flags);
    REQUIRE_EQ(make_readonly(l4), 0);
    EXPECT(pin(4, mfn_of(l4)) < 0);
    make_writable(l4);
}
GUEST_CASE(pinning_in_the_name_of_another_domain) {
    Tree tree = build_tree();
    REQUIRE(tree.readonly());
    EXPECT(pin(1, tree.mfn(1), 1234) < 0);
    EXPECT_EQ(make_writable(tree.table[1]), 0);
    tree.free();
}
GUEST_CASE(pin_of_frames_that_do_not_exist) {
    for (unsigned level = 1; level <= 4; level++) {
        EXPECT(pin(level, 0xfffffffffULL) < 0);
        EXPECT(pin(level, ~0ULL) < 0);
        EXPECT(pin(level, entry_mfn(top_table()[256])) < 0);
    }
}
GUEST_CASE(done_counts_operations) {
    Tree tree = build_tree();
    REQUIRE(tree.readonly());
    mmuext_op calls[3]{};
    calls[0].cmd = MMUEXT_PIN_L1_TABLE;
    calls[0].arg1.mfn = tree.mfn(1);
    calls[1].cmd = MMUEXT_UNPIN_TABLE;
    calls[1].arg1.mfn = tree.mfn(1);
    calls[2].cmd = 999;
    unsigned done = 77;
    EXPECT(hypercall(__HYPERVISOR_mmuext_op, calls, 3, &done, DOMID_SELF) < 0);
    EXPECT_EQ(done, 2);
    EXPECT_EQ(hypercall(__HYPERVISOR_mmuext_op, calls, 2, &done, DOMID_SELF), 0);
    EXPECT_EQ(done, 2);
    tree.free();
}
GUEST_CASE(unsupported_extended_operations) {
    EXPECT(mmuext(MMUEXT_MARK_SUPER, 512) < 0);
    EXPECT(mmuext(MMUEXT_UNMARK_SUPER, 512) < 0);
    EXPECT_EQ(mmuext(4711), enosys);
}
