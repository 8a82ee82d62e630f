// SPDX-License-Identifier: MIT
// Random numbers, and addresses that nobody can guess. programs_test compares the line "addresses:" of several runs.
#include "tests/programs/lib/check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#define FAILS_WITH(call, number) check(#call " fails with " #number, (errno = 0, (call) == -1 && errno == number))

static int ones(const unsigned char* bytes, size_t size) {
    int count = 0;
    for (size_t i = 0; i < size; i++) count += __builtin_popcount(bytes[i]);
    return count;
}

int main(void) {
    static unsigned char one[20000], two[20000];
    CHECK(getrandom(one, sizeof one, 0) == sizeof one && getrandom(two, sizeof two, GRND_RANDOM) == sizeof two);
    CHECK(memcmp(one, two, sizeof one) != 0);
    // Six standard deviations of 160000 coin tosses are 1200.
    CHECK(abs(ones(one, sizeof one) - 80000) < 1200 && abs(ones(two, sizeof two) - 80000) < 1200);
    int repeated = 0;
    for (size_t i = 0; i + 16 <= sizeof one; i += 8) repeated += memcmp(one + i, one + i + 8, 8) == 0 || memcmp(one + i, two + i, 8) == 0;
    CHECK(repeated == 0);
    // Every length ends where it should.
    int good = 1;
    for (size_t size = 0; size < 200; size++) {
        unsigned char guarded[202];
        memset(guarded, 0x55, sizeof guarded);
        good = good && getrandom(guarded + 1, size, 0) == (ssize_t)size && guarded[0] == 0x55 && guarded[size + 1] == 0x55;
    }
    check("every length up to 200", good);
    CHECK(getentropy(one, 256) == 0);
    FAILS_WITH(getentropy(one, 257), EINVAL);
    FAILS_WITH(getrandom(one, 1, 64), EINVAL);

    unsigned long guard;
    __asm__("mov %%fs:0x28, %0" : "=r"(guard));
    CHECK(guard >> 8 != 0 && (guard & 0xff) == 0);
    printf("addresses: stack %p heap %p mapping %p guard %lx\n", (void*)&guard, malloc(1),
           mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), guard);
    return checks_done();
}
