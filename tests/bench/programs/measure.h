// SPDX-License-Identifier: MIT
// For the programs that are measured as a domain and as a process of Linux, with the same source. Under QEMU's -icount the TSC counts instructions.
// A line is "bench: NAME TOTAL COUNT [UNIT]" (COUNT operations cost TOTAL) or "bench: NAME n/a WHY".
#pragma once

#include <stdint.h>
#include <stdio.h>

static inline uint64_t read_tsc(void) {
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

/// The cheapest of several runs, so that a timer tick inside one does not count; the first ones warm up. A run returns its cost, or 0 when it failed.
static inline void measure(const char* name, uint64_t (*run)(unsigned count), unsigned count) {
    uint64_t best = ~(uint64_t)0;
    for (int batch = 0; batch < 6; ++batch) {
        const uint64_t cost = run(count);
        if (cost == 0) {
            printf("bench: %s n/a it failed\n", name);
            return;
        }
        if (cost < best) best = cost;
    }
    printf("bench: %s %llu %u\n", name, (unsigned long long)best, count);
}

void measure_memory(void);
void measure_threads(void);
void measure_text(void);
void measure_files(void);
void measure_sockets(void);
