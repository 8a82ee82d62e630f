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
