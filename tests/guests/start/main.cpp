// SPDX-License-Identifier: MIT
// What a PV kernel finds when it starts: boot_info, its notes obeyed, registers, memory lists that agree with each other.
#include "lib/guest.h"

using namespace skerry::guest;

GUEST_CASE(magic_names_the_interface) {
    EXPECT(memcmp(boot_info.magic, "xen-3.0-x86_64", 14) == 0);
}
GUEST_CASE(first_domain_flags) {
    EXPECT((boot_info.flags & SIF_INITDOMAIN) != 0);
    EXPECT((boot_info.flags & SIF_PRIVILEGED) != 0);
}
