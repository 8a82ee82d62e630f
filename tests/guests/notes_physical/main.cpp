// SPDX-License-Identifier: MIT
// A kernel whose segments carry their virtual addresses as physical ones, and a note that says so.
#include "lib/guest.h"

using namespace skerry::guest;

extern "C" char virt_base[], image_start[];

GUEST_CASE(image_lies_at_its_virtual_addresses) {
    EXPECT_EQ(mfn_of(image_start), entry_mfn(*l1_entry(image_start)));
    EXPECT_EQ(pfn_of(image_start), static_cast<uint64_t>(image_start - virt_base) >> 12);
}
