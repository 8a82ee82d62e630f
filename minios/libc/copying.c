// SPDX-License-Identifier: MIT
// memcpy, memmove and memset, instead of newlib's, which copy by string instructions: nearly all blocks that programs copy are small. Both ends of a
// block are done by moves that may overlap, so no size needs a loop of single bytes; memcpy is memmove. In vector registers, which the kernel's fault
// handler leaves alone.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef long long Vector __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t Word __attribute__((aligned(1), may_alias));
typedef uint32_t Half __attribute__((aligned(1), may_alias));
typedef uint16_t Quarter __attribute__((aligned(1), may_alias));

// Copies `size` bytes, sizeof(Type) to twice that.
#define COPY_ENDS(Type)                                                                                                \
    do {                                                                                                               \
        const Type first = *(const Type*)from, last = *(const Type*)(from + size - sizeof(Type));                      \
        *(Type*)to = first;                                                                                            \
        *(Type*)(to + size - sizeof(Type)) = last;                                                                     \
    } while (0)

enum { block = 128 };
struct Block {
    Vector parts[block / sizeof(Vector)];
};

static inline __attribute__((always_inline)) struct Block load(const char* from) {
    const Vector* parts = (const Vector*)from;
    return (struct Block){{parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6], parts[7]}};
}
static inline __attribute__((always_inline)) void store(char* to, struct Block all) {
    for (unsigned i = 0; i < block / sizeof(Vector); ++i) ((Vector*)to)[i] = all.parts[i];
}

/// More than a block. The end that the loop would reach last is read before it begins.
static void copy_long(char* to, const char* from, size_t size) {
    if ((uintptr_t)to - (uintptr_t)from >= size) {
        const struct Block last = load(from + size - block);
        char* const end = to + size - block;
        for (; to < end; to += block, from += block) store(to, load(from));
        store(end, last);
    } else {
        const struct Block first = load(from);
        for (size_t left = size; left > block; left -= block) store(to + left - block, load(from + left - block));
        store(to, first);
    }
}

void* memmove(void* target, const void* source, size_t size) {
    char* to = target;
    const char* from = source;
    if (size <= 16) {
        if (size >= 8)
            COPY_ENDS(Word);
        else if (size >= 4)
            COPY_ENDS(Half);
        else if (size >= 2)
            COPY_ENDS(Quarter);
        else if (size == 1)
            *to = *from;
    } else if (size <= 32) {
        COPY_ENDS(Vector);
    } else if (size <= 64) {
        const Vector a = *(const Vector*)from, b = *(const Vector*)(from + 16);
        const Vector c = *(const Vector*)(from + size - 32), d = *(const Vector*)(from + size - 16);
        *(Vector*)to = a;
        *(Vector*)(to + 16) = b;
        *(Vector*)(to + size - 32) = c;
        *(Vector*)(to + size - 16) = d;
    } else if (size <= block) {
        const Vector a = *(const Vector*)from, b = *(const Vector*)(from + 16);
        const Vector c = *(const Vector*)(from + 32), d = *(const Vector*)(from + 48);
        const Vector e = *(const Vector*)(from + size - 64), f = *(const Vector*)(from + size - 48);
        const Vector g = *(const Vector*)(from + size - 32), h = *(const Vector*)(from + size - 16);
        *(Vector*)to = a;
        *(Vector*)(to + 16) = b;
        *(Vector*)(to + 32) = c;
        *(Vector*)(to + 48) = d;
        *(Vector*)(to + size - 64) = e;
        *(Vector*)(to + size - 48) = f;
        *(Vector*)(to + size - 32) = g;
        *(Vector*)(to + size - 16) = h;
    } else {
        copy_long(to, from, size);
    }
    return target;
}

void* memcpy(void* restrict to, const void* restrict from, size_t size) __attribute__((alias("memmove")));

// Sets `size` bytes, sizeof(Type) to twice that.
#define SET_ENDS(Type, value)                                                                                          \
    do {                                                                                                               \
        *(Type*)to = (value);                                                                                          \
        *(Type*)(to + size - sizeof(Type)) = (value);                                                                  \
    } while (0)

void* memset(void* target, int byte, size_t size) {
    char* to = target;
    const uint64_t word = (unsigned char)byte * 0x0101010101010101u;
    if (size <= 16) {
        if (size >= 8)
            SET_ENDS(Word, word);
        else if (size >= 4)
            SET_ENDS(Half, (uint32_t)word);
        else if (size >= 2)
            SET_ENDS(Quarter, (uint16_t)word);
        else if (size == 1)
            *to = (char)byte;
        return target;
    }
    const Vector vector = {(long long)word, (long long)word};
    char* const end = to + size - sizeof vector;
    for (; end - to > 64; to += 64)
        for (unsigned i = 0; i < 4; ++i) ((Vector*)to)[i] = vector;
    for (; to < end; to += sizeof vector) *(Vector*)to = vector;
    *(Vector*)end = vector;
    return target;
}
