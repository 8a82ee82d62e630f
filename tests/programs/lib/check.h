// SPDX-License-Identifier: MIT
// For the programs of tests/programs: each check prints "check NAME: ok" or "check NAME: FAILED", and checks_done() the sum, which
// tests/system/programs_test.cpp reads. C and C++.
#pragma once

#include <stdio.h>

static int checks_passed, checks_failed;

static inline void check(const char* name, int good) {
    printf("check %s: %s\n", name, good ? "ok" : "FAILED");
    ++*(good ? &checks_passed : &checks_failed);
}

#define CHECK(condition) check(#condition, (condition) ? 1 : 0)

/// For the end of main: the exit status.
static inline int checks_done(void) {
    printf("checks: %d passed, %d failed\n", checks_passed, checks_failed);
    return checks_failed != 0;
}
