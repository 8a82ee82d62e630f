// SPDX-License-Identifier: MIT
// Anonymous mappings: pages that come on touch, address space that costs nothing, protection, MAP_FIXED, and the errno of what is refused.
#include "tests/programs/lib/check.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FAILS_WITH(call, number) check(#call " fails with " #number, (errno = 0, (call) == -1 && errno == number))
#define MAP_FAILS_WITH(call, number) check(#call " fails with " #number, (errno = 0, (call) == MAP_FAILED && errno == number))

enum { page = 4096, megabyte = 1 << 20 };
static const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS, both = PROT_READ | PROT_WRITE;

static long free_pages(void) { return sysconf(_SC_AVPHYS_PAGES); }

static void touch_and_return(void) {
    const long before = free_pages();
    char* memory = mmap(NULL, 2 * megabyte, both, anonymous, -1, 0);
    CHECK(memory != MAP_FAILED && (uintptr_t)memory % page == 0);
    int zero = 1;
    for (int i = 0; i < 2 * megabyte; i += 1000) zero = zero && memory[i] == 0;
    check("what was never written is zero", zero);
    memset(memory, 7, 2 * megabyte);
    CHECK(memory[0] == 7 && memory[2 * megabyte - 1] == 7);
    CHECK(munmap(memory + page, page) == 0 && memory[0] == 7 && memory[2 * page] == 7); // a hole
    CHECK(munmap(memory, 2 * megabyte) == 0);                                           // with what is left
    CHECK(before - free_pages() < 8);                                                   // page tables stay
    CHECK(munmap(memory, page) == 0); // nothing is there, which is no error
}

/// More than the domain's memory: reserved, and a part of it used.
static void reservation(void) {
    const size_t size = (size_t)1 << 40;
    const long before = free_pages();
    char* space = mmap(NULL, size, PROT_NONE, anonymous, -1, 0);
    CHECK(space != MAP_FAILED && free_pages() == before);
    char* far = space + size / 2;
    CHECK(mprotect(far, 16 * page, both) == 0 && (far[0] = 5, far[15 * page] = 6, far[0] + far[15 * page] == 11));
    CHECK(mprotect(far, 16 * page, PROT_NONE) == 0 && mprotect(far, page, PROT_READ) == 0 && far[0] == 5); // it kept it
    FAILS_WITH(mprotect(space, size / 4, both), ENOMEM); // cannot be promised
    CHECK(madvise(far, page, MADV_DONTNEED) == 0 && far[0] == 0);
    CHECK(munmap(space, size) == 0 && before - free_pages() < 8);

    char* lazy = mmap(NULL, (size_t)1 << 36, both, anonymous | MAP_NORESERVE, -1, 0);
    CHECK(lazy != MAP_FAILED && (lazy[(size_t)1 << 35] = 1));
    CHECK(munmap(lazy, (size_t)1 << 36) == 0);
    MAP_FAILS_WITH(mmap(NULL, (size_t)1 << 36, both, anonymous, -1, 0), ENOMEM);
    CHECK(mmap(NULL, (size_t)1 << 36, PROT_READ, anonymous, -1, 0) != MAP_FAILED); // only zeros, which cost nothing
}

static void advice(void) {
    char* memory = mmap(NULL, 4 * page, both, anonymous, -1, 0);
    memset(memory, 1, 4 * page);
    const long before = free_pages();
    CHECK(madvise(memory + page, 2 * page, MADV_DONTNEED) == 0);
    CHECK(memory[0] == 1 && memory[page] == 0 && memory[3 * page] == 1 && free_pages() == before); // still promised
    memory[page] = 2;
    CHECK(posix_madvise(memory, 4 * page, POSIX_MADV_DONTNEED) == 0 && memory[page] == 2);
    CHECK(madvise(memory, 4 * page, MADV_WILLNEED) == 0);
    FAILS_WITH(madvise(memory, page, 77), EINVAL);
    CHECK(munmap(memory + page, page) == 0);
    FAILS_WITH(madvise(memory, 2 * page, MADV_DONTNEED), ENOMEM);
    CHECK(posix_madvise(memory, 2 * page, POSIX_MADV_NORMAL) == ENOMEM);
    munmap(memory, 4 * page);
}

static void fixed_places(void) {
    char* memory = mmap(NULL, 4 * page, both, anonymous, -1, 0);
    memset(memory, 3, 4 * page);
    MAP_FAILS_WITH(mmap(memory + page, page, both, anonymous | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
    CHECK(mmap(memory + page, page, both, anonymous | MAP_FIXED, -1, 0) == memory + page);
    CHECK(memory[0] == 3 && memory[page] == 0 && memory[2 * page] == 3);
    CHECK(munmap(memory, 4 * page) == 0);
    CHECK(mmap(memory, page, both, anonymous, -1, 0) == memory); // a place that is free is a good place
    char* other = mmap(memory, page, both, anonymous, -1, 0);
    CHECK(other != MAP_FAILED && other != memory);
    CHECK(mmap(memory + 2 * page, page, both, anonymous | MAP_FIXED_NOREPLACE, -1, 0) == memory + 2 * page);
    MAP_FAILS_WITH(mmap(memory + 1, page, both, anonymous | MAP_FIXED, -1, 0), EINVAL);
    MAP_FAILS_WITH(mmap((void*)0x400000, page, both, anonymous | MAP_FIXED, -1, 0), ENOMEM);         // the image
    MAP_FAILS_WITH(mmap((void*)0xffff800000000000, page, both, anonymous | MAP_FIXED, -1, 0), ENOMEM); // the hypervisor's
    munmap(memory, 4 * page);
}

static void refusals(void) {
    char* memory = mmap(NULL, page, both, anonymous, -1, 0);
    MAP_FAILS_WITH(mmap(NULL, 0, both, anonymous, -1, 0), EINVAL);
    MAP_FAILS_WITH(mmap(NULL, page, both, MAP_ANONYMOUS, -1, 0), EINVAL);
    MAP_FAILS_WITH(mmap(NULL, page, both, anonymous | MAP_SHARED, -1, 0), EINVAL);
    MAP_FAILS_WITH(mmap(NULL, page, 64, anonymous, -1, 0), EINVAL);
    MAP_FAILS_WITH(mmap(NULL, page, both | PROT_EXEC, anonymous, -1, 0), ENOTSUP);
    MAP_FAILS_WITH(mmap(NULL, page, PROT_READ | PROT_EXEC, anonymous, -1, 0), ENOTSUP);
    MAP_FAILS_WITH(mmap(NULL, SIZE_MAX - 100, both, anonymous, -1, 0), EINVAL);
    FAILS_WITH(mprotect(memory, page, both | PROT_EXEC), ENOTSUP);
    FAILS_WITH(mprotect(memory + 1, page, both), EINVAL);
    FAILS_WITH(mprotect(memory, (size_t)64 << 20, PROT_READ), ENOMEM);
    FAILS_WITH(munmap(memory + 1, page), EINVAL);
    FAILS_WITH(munmap(memory, 0), EINVAL);
    FAILS_WITH(munmap((void*)0x400000, page), EINVAL);
    FAILS_WITH(msync(memory, page, MS_SYNC | MS_ASYNC), EINVAL);
    CHECK(msync(memory, page, MS_SYNC) == 0);
    CHECK(munmap(memory, page) == 0);
    FAILS_WITH(msync(memory, page, MS_SYNC), ENOMEM);
    FAILS_WITH(mprotect(memory, page, PROT_READ), ENOMEM);
}

/// Blocks of the heap may be protected, as long as whoever does it undoes it.
static void heap_pages(void) {
    char* block = aligned_alloc(page, 4 * page);
    memset(block, 9, 4 * page);
    CHECK(mprotect(block + page, page, PROT_NONE) == 0 && block[0] == 9 && block[2 * page] == 9);
    CHECK(mprotect(block + page, page, both) == 0 && block[page] == 9);
    free(block);
}

/// Regions that are cut and joined at random are as a plain array says.
static void at_random(void) {
    enum { pages = 64 };
    static signed char expected[pages]; // -1: not mapped, else what its first byte is
    char* base = mmap(NULL, pages * page, PROT_NONE, anonymous, -1, 0);
    munmap(base, pages * page);
    memset(expected, -1, sizeof expected);
    unsigned random = 1;
    int good = 1;
    const long before = free_pages();
    for (int round = 0; round < 2000; round++) {
        random = random * 1103515245 + 12345;
        const int first = random >> 16 & 63, count = 1 + (random >> 22 & 7) % (pages - first), act = random >> 28 & 3;
        if (act == 0) {
            good = good && munmap(base + first * page, (size_t)count * page) == 0;
            memset(expected + first, -1, (size_t)count);
        } else if (act == 1) {
            good = good && mmap(base + first * page, (size_t)count * page, both, anonymous | MAP_FIXED, -1, 0) == base + first * page;
            memset(expected + first, 0, (size_t)count);
        } else {
            for (int i = first; i < first + count; i++) {
                if (expected[i] < 0) continue;
                base[i * page] = (char)(expected[i] = (signed char)(round & 63));
                if (act == 3) good = good && mprotect(base + i * page, page, PROT_READ) == 0 && mprotect(base + i * page, page, both) == 0;
            }
        }
        for (int i = 0; i < pages; i++) good = good && (expected[i] < 0 || base[i * page] == expected[i]);
    }
    check("2000 changes at random", good);
    munmap(base, pages * page);
    CHECK(before - free_pages() < 8);
}

int main(void) {
    touch_and_return();
    reservation();
    advice();
    fixed_places();
    refusals();
    heap_pages();
    at_random();
    return checks_done();
}
