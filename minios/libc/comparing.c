// SPDX-License-Identifier: MIT
// memcmp, instead of newlib's, which compares byte by byte unless both blocks happen to be aligned: most that are compared are words of a text.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint64_t Word __attribute__((aligned(1), may_alias));
typedef uint32_t Half __attribute__((aligned(1), may_alias));

/// Of two that differ: the first byte in memory counts most.
static inline int order(uint64_t one, uint64_t other) {
    return __builtin_bswap64(one) < __builtin_bswap64(other) ? -1 : 1;
}

int memcmp(const void* left, const void* right, size_t size) {
    const char *a = left, *b = right;
    for (; size >= sizeof(Word); size -= sizeof(Word), a += sizeof(Word), b += sizeof(Word)) {
        const uint64_t one = *(const Word*)a, other = *(const Word*)b;
        if (one != other) return order(one, other);
    }
    if (size >= sizeof(Half)) {
        const uint32_t one = *(const Half*)a, other = *(const Half*)b;
        if (one != other) return order(one, other);
        size -= sizeof(Half), a += sizeof(Half), b += sizeof(Half);
    }
    for (; size > 0; --size, ++a, ++b)
        if (*a != *b) return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
    return 0;
}
