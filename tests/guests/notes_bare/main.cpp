// SPDX-License-Identifier: MIT
// A kernel whose notes name no addresses: its virtual base is 0, its entry is the ELF header's, and everything is
// mapped from address 0 on.
// machine: module tests/guests/start/module.txt
#include "lib/guest.h"

using namespace skerry::guest;

extern "C" char image_end[];

GUEST_CASE(everything_lies_above_address_0) {
    EXPECT(boot_info.pt_base >= reinterpret_cast<unsigned long>(image_end));
    EXPECT(boot_info.pt_base < 0x4000000);
    EXPECT(boot_info.mfn_list < 0x4000000);
    EXPECT(reinterpret_cast<unsigned long>(boot_info_page) < 0x4000000);
}
GUEST_CASE(page_0_is_mapped) {
    EXPECT_EQ(try_read(nullptr).vector, no_trap);
    EXPECT_EQ(try_write(nullptr).vector, no_trap);
    EXPECT_EQ(entry_mfn(*l1_entry(nullptr)), pfn_to_mfn(0));
    // A careful kernel takes it away.
    EXPECT_EQ(set_mapping(nullptr, 0), 0);
    EXPECT_EQ(try_read(nullptr).vector, page_fault);
}
GUEST_CASE(module_is_mapped_low_too) {
    EXPECT_EQ(boot_info.mod_len, 31);
    EXPECT(memcmp(reinterpret_cast<const void*>(boot_info.mod_start), "a module, byte for byte, of 31\n", 31) == 0);
}
GUEST_CASE(user_mode_may_share_the_kernels_tables) {
    EXPECT_EQ(mmuext(MMUEXT_NEW_USER_BASEPTR, mfn_of(top_table())), 0);
    EXPECT_EQ(mmuext(MMUEXT_NEW_USER_BASEPTR, mfn_of(top_table())), 0);
    EXPECT_EQ(mmuext(MMUEXT_NEW_USER_BASEPTR, 0), 0);
}
extern "C" void user_side(), kernel_side();
extern "C" {
uint64_t shared_stack, seen_by_user;
alignas(4096) char user_stack[4096];
}
asm(".text\n.globl user_side, kernel_side\n"
    "user_side: mov $7, %eax\n mov %rax, seen_by_user\n int $0x80\n"
    "kernel_side: mov shared_stack(%rip), %rsp\n ret"); // to whom saved it, as if called
GUEST_CASE(user_mode_runs_on_the_kernels_tables) {
    // There is one address space, so user mode reaches all that the kernel has mapped, and comes back by a software
    // interrupt.
    trap_info table[2] = {{0x80, 3 | 4, FLAT_KERNEL_CS, reinterpret_cast<unsigned long>(&kernel_side)}, {}};
    REQUIRE_EQ(hypercall(__HYPERVISOR_set_trap_table, table), 0);
    static char entry_stack[4096];
    REQUIRE_EQ(hypercall(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, entry_stack + sizeof entry_stack), 0);
    REQUIRE_EQ(mmuext(MMUEXT_NEW_USER_BASEPTR, mfn_of(top_table())), 0);
    asm volatile("lea -8(%%rsp), %%rax\n mov %%rax, shared_stack(%%rip)\n lea 1f(%%rip), %%rax\n push %%rax\n"
                 "push %0\n push %2\n push $0x202\n push %1\n push %3\n push $0\n push $0\n push $0\n push $0\n"
                 "mov %4, %%eax\n syscall\n1:" ::"i"(FLAT_USER_SS),
                 "i"(FLAT_USER_CS), "r"(user_stack + sizeof user_stack), "r"(&user_side), "i"(__HYPERVISOR_iret)
                 : "rax", "rcx", "r11", "memory");
    EXPECT_EQ(seen_by_user, 7);
    EXPECT_EQ(shared->vcpu_info[0].evtchn_upcall_mask, 1); // as the trap's entry said
    EXPECT_EQ(mmuext(MMUEXT_NEW_USER_BASEPTR, 0), 0);
}
