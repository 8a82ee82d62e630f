// SPDX-License-Identifier: MIT
// A kernel without ELF notes, described by the text of its section __xen_guest.
#include "lib/guest.h"

using namespace skerry::guest;

extern "C" char virt_base[], image_start[];

GUEST_CASE(image_lies_at_its_virtual_addresses) {
    EXPECT_EQ(mfn_of(image_start), entry_mfn(*l1_entry(image_start)));
    EXPECT_EQ(pfn_of(image_start), static_cast<uint64_t>(image_start - virt_base) >> 12);
}
GUEST_CASE(hypercall_page_is_where_the_text_says) {
    EXPECT_EQ(pfn_of(hypercall_page), 0x101);
    EXPECT(xen_version(XENVER_version, nullptr) > 0);
}
