// SPDX-License-Identifier: MIT
// A program that defines how large main's stack is has one that large.
#include "tests/programs/lib/check.h"

#include <stddef.h>

const size_t minios_main_stack_size = 2 * 1024 * 1024;

/// Uses about a kilobyte in each of `depth` frames.
static int descend(int depth) {
    volatile char room[1000];
    room[0] = (char)depth;
    return depth == 0 ? 0 : 1 + descend(depth - 1) + (room[0] != (char)depth);
}

int main(void) {
    CHECK(descend(1500) == 1500);
    return checks_done();
}
