// SPDX-License-Identifier: MIT
// Changing the page-table base: pinned and unpinned L4 tables, user bases, and bases that must be refused.
#include "lib/guest.h"

using namespace skerry::guest;

static uint64_t* new_top() {
    auto* top = static_cast<uint64_t*>(alloc_page());
    top[511] = top_table()[511];
    return make_readonly(top) == 0 ? top : nullptr;
}

GUEST_CASE(switch_to_a_pinned_base_and_back) {
    uint64_t* const top = new_top();
    REQUIRE(top != nullptr);
    REQUIRE_EQ(pin(4, mfn_of(top)), 0);
    EXPECT_EQ(mmuext(MMUEXT_NEW_BASEPTR, mfn_of(top)), 0);
    EXPECT_EQ(unpin(mfn_of(top)), 0); // still in use as the base
    EXPECT(make_writable(top) < 0);
    EXPECT_EQ(mmuext(MMUEXT_NEW_BASEPTR, mfn_of(top_table())), 0);
    EXPECT_EQ(make_writable(top), 0);
}
GUEST_CASE(an_unpinned_base_is_validated_on_the_spot) {
    uint64_t* const top = new_top();
    REQUIRE(top != nullptr);
    EXPECT_EQ(mmuext(MMUEXT_NEW_BASEPTR, mfn_of(top)), 0);
    EXPECT_EQ(mmuext(MMUEXT_NEW_BASEPTR, mfn_of(top_table())), 0);
    EXPECT_EQ(make_writable(top), 0);
}
GUEST_CASE(bases_that_are_no_l4) {
    void* page = alloc_page();
    EXPECT(mmuext(MMUEXT_NEW_BASEPTR, mfn_of(page)) < 0);                             // mapped writable
    EXPECT(mmuext(MMUEXT_NEW_BASEPTR, entry_mfn(*level_entry(image_base(), 2))) < 0); // an L1
    EXPECT(mmuext(MMUEXT_NEW_BASEPTR, entry_mfn(*level_entry(image_base(), 4))) < 0); // an L3
    EXPECT(mmuext(MMUEXT_NEW_BASEPTR, 0xfffffffffULL) < 0);
    EXPECT(mmuext(MMUEXT_NEW_BASEPTR, entry_mfn(top_table()[256])) < 0); // Xen's
    EXPECT(mmuext(MMUEXT_NEW_USER_BASEPTR, mfn_of(page)) < 0);
    EXPECT(mmuext(MMUEXT_NEW_USER_BASEPTR, entry_mfn(top_table()[256])) < 0);
}
GUEST_CASE(the_hypervisors_slots_are_filled_in) {
    // Ours said nothing in slots 256-271; the hypervisor's own mappings must be there all the same.
    uint64_t* const top = new_top();
    REQUIRE(top != nullptr);
    REQUIRE_EQ(pin(4, mfn_of(top)), 0);
    EXPECT_EQ(mmuext(MMUEXT_NEW_BASEPTR, mfn_of(top)), 0);
    EXPECT_EQ(try_read(reinterpret_cast<void*>(MACH2PHYS_VIRT_START)).vector, no_trap);
    EXPECT_EQ(try_read(reinterpret_cast<void*>(0xffff830000000000UL)).vector, page_fault);
    EXPECT_EQ(mmuext(MMUEXT_NEW_BASEPTR, mfn_of(top_table())), 0);
    EXPECT_EQ(unpin(mfn_of(top)), 0);
    EXPECT_EQ(make_writable(top), 0);
}
GUEST_CASE(forged_hypervisor_slots_do_not_count) {
    // A table whose slot 256 holds an entry of ours: replaced or refused, never used.
    auto* top = static_cast<uint64_t*>(alloc_page());
    top[511] = top_table()[511];
    top[256] = top_table()[511];
    top[262] = top_table()[511];
    REQUIRE_EQ(make_readonly(top), 0);
    if (pin(4, mfn_of(top)) == 0) {
        EXPECT_EQ(mmuext(MMUEXT_NEW_BASEPTR, mfn_of(top)), 0);
        EXPECT_EQ(try_read(reinterpret_cast<void*>(0xffff830000000000UL)).vector, page_fault);
        EXPECT_EQ(try_store(reinterpret_cast<void*>(MACH2PHYS_VIRT_START), 0).vector, page_fault);
        EXPECT_EQ(mmuext(MMUEXT_NEW_BASEPTR, mfn_of(top_table())), 0);
        EXPECT_EQ(unpin(mfn_of(top)), 0);
    }
    EXPECT_EQ(make_writable(top), 0);
}
GUEST_CASE(user_base_none) { EXPECT_EQ(mmuext(MMUEXT_NEW_USER_BASEPTR, 0), 0); }
USER_CODE(say_hello, "mov $7, %eax\n syscall");
GUEST_CASE(user_base_set_and_used) {
    const Trap trap = RUN_USER(say_hello);
    EXPECT_EQ(trap.vector, syscall_vector);
    EXPECT_EQ(trap.frame.rax, 7);
    EXPECT(make_writable(virt_of(user_table_mfn())) < 0); // it is in use
}
USER_CODE(read_kernel, "mov $0xffffffff80100000, %rax\n mov (%rax), %al\n syscall");
GUEST_CASE(user_mode_does_not_see_the_kernels_table) {
    const Trap trap = RUN_USER(read_kernel);
    EXPECT_EQ(trap.vector, page_fault);
    EXPECT_EQ(trap.cr2, 0xffffffff80100000UL);
    EXPECT(trap.error & fault_user);
}
USER_CODE(call_hypervisor, "mov $17, %eax\n xor %edi, %edi\n syscall"); // xen_version
GUEST_CASE(user_mode_cannot_hypercall) {
    // syscall from user mode goes to the guest kernel, whatever is in eax.
    const Trap trap = RUN_USER(call_hypervisor);
    EXPECT_EQ(trap.vector, syscall_vector);
    EXPECT_EQ(trap.frame.rax, 17);
}
