// SPDX-License-Identifier: MIT
// strlen and memchr, instead of newlib's: sixteen bytes at a time. They read whole vectors that never reach into another page: aligned ones, and
// one at the beginning that does not cross a page's end.
#include <emmintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// Which of the sixteen bytes at `at`, which is aligned, are `wanted`: a bit for each.
static inline unsigned matches(const char* at, __m128i wanted) {
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(*(const __m128i*)at, wanted));
}

__attribute__((no_sanitize("address"))) size_t strlen(const char* string) {
    const __m128i zero = _mm_setzero_si128();
    const char* at = (const char*)((uintptr_t)string & ~(uintptr_t)15);
    unsigned found;
    if (((uintptr_t)string & 4095) <= 4096 - 16) // of most strings the end is found here, wherever they begin
        found = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i*)string), zero));
    else
        found = matches(at, zero) >> ((uintptr_t)string & 15);
    if (found != 0) return (size_t)__builtin_ctz(found);
    do found = matches(at += 16, zero);
    while (found == 0);
    return (size_t)(at - string) + (size_t)__builtin_ctz(found);
}

__attribute__((no_sanitize("address"))) void* memchr(const void* memory, int byte, size_t size) {
    if (size == 0) return NULL;
    const __m128i wanted = _mm_set1_epi8((char)byte);
    const char *start = memory, *at = (const char*)((uintptr_t)memory & ~(uintptr_t)15);
    unsigned found = matches(at, wanted) >> ((uintptr_t)memory & 15);
    size_t place = found != 0 ? (size_t)__builtin_ctz(found) : 16 - ((uintptr_t)memory & 15);
    while (found == 0 && place < size) {
        found = matches(at += 16, wanted);
        place += found != 0 ? (size_t)__builtin_ctz(found) : 16;
    }
    return found != 0 && place < size ? (void*)(start + place) : NULL;
}
