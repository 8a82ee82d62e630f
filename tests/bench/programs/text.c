// SPDX-License-Identifier: MIT
#include "measure.h"

static uint64_t format(unsigned count) {
    char text[128];
    const uint64_t start = read_tsc();
    for (unsigned i = 0; i < count; ++i) snprintf(text, sizeof text, "%u %s %08lx", i, "some words", 0xdeadbeefUL + i);
    return read_tsc() - start;
}

static uint64_t format_float(unsigned count) {
    char text[128];
    const uint64_t start = read_tsc();
    for (unsigned i = 0; i < count; ++i) snprintf(text, sizeof text, "%.3f %g", i * 1.25, 1e10 / (i + 1));
    return read_tsc() - start;
}

/// Through stdio into a file in memory, as a log is written.
static uint64_t print_to_file(unsigned count) {
    FILE* file = fopen("/tmp/print", "w");
    if (file == NULL) return 0;
    const uint64_t start = read_tsc();
    for (unsigned i = 0; i < count; ++i) fprintf(file, "%u: %s\n", i, "a line of a log");
    fclose(file);
    const uint64_t cost = read_tsc() - start;
    return remove("/tmp/print") == 0 ? cost : 0;
}

void measure_text(void) {
    measure("printf_to_buffer", format, 500);
    measure("printf_of_floats", format_float, 200);
    measure("printf_to_file", print_to_file, 1000);
}
