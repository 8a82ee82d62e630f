// SPDX-License-Identifier: MIT
#include "measure.h"

#include <stdlib.h>
#include <string.h>
#ifndef __skerry__
#include <malloc.h>
#endif

/// So that the compiler makes every call.
static void* volatile kept;

static uint64_t pairs(unsigned count, size_t size) {
    const uint64_t start = read_tsc();
    for (unsigned i = 0; i < count; ++i) {
        kept = malloc(size);
        free(kept);
    }
    return read_tsc() - start;
}
static uint64_t pairs_32(unsigned count) { return pairs(count, 32); }
static uint64_t pairs_500(unsigned count) { return pairs(count, 500); }
static uint64_t pairs_20000(unsigned count) { return pairs(count, 20000); }

/// A thousand blocks live; each turn a random one is freed and made anew with another size (16 to 2000 bytes, small ones more often).
static uint64_t mixed(unsigned count) {
    enum { live = 1000 };
    static void* blocks[live];
    uint32_t random = 12345;
    uint64_t cost = 0;
    for (unsigned i = 0; i < count + live; ++i) {
        random = random * 1664525 + 1013904223;
        const unsigned which = i < live ? i : (random >> 8) % live;
        const size_t size = 16 + (random >> 20) % (16u << (random >> 16) % 8);
        const uint64_t start = read_tsc();
        free(blocks[which]);
        blocks[which] = malloc(size);
        cost += i < live ? 0 : read_tsc() - start;
    }
    for (unsigned i = 0; i < live; ++i) {
        free(blocks[i]);
        blocks[i] = NULL;
    }
    return cost;
}

enum { page = 4096 };

/// First writes: the system's work to give a page, fault and clearing included, and what malloc and free of the block add.
static uint64_t touch(unsigned count) {
    const uint64_t start = read_tsc();
    char* block = malloc((size_t)count * page);
    if (block == NULL) return 0;
    for (unsigned i = 0; i < count; ++i) ((volatile char*)block)[(size_t)i * page] = 1;
    kept = block;
    free(kept);
    return read_tsc() - start;
}

void measure_memory(void) {
#ifndef __skerry__
    mallopt(M_MMAP_THRESHOLD, 128 * 1024); // its first value, kept: then large blocks come from the system each time
#endif
    measure("malloc_free_32", pairs_32, 1000);
    measure("malloc_free_500", pairs_500, 1000);
    measure("malloc_free_20000", pairs_20000, 1000);
    measure("malloc_free_mixed", mixed, 5000);
    measure("page_touch", touch, 2048);
}
