// SPDX-License-Identifier: MIT
// The list of tests that build-suite writes for each image; the last has no name.
#pragma once

struct ConformanceTest {
    const char* name;
    int (*main)(int count, char** words);
};

extern "C" const ConformanceTest conformance_tests[];
