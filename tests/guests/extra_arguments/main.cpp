// SPDX-License-Identifier: MIT
// What stands behind "--" on the hypervisor's own command line is for the first domain, behind its own arguments.
// machine: arguments own=1
// machine: options -- extra=2 more
#include "lib/guest.h"

using namespace skerry::guest;

GUEST_CASE(both_are_there_in_this_order) {
    EXPECT(strcmp(command_line, "own=1 extra=2 more") == 0);
    print("command line: '%s'\n", command_line);
}
