// SPDX-License-Identifier: MIT
// What is not touched costs nothing but its promise; what cannot be promised is refused, and nothing is lost by that.
#include "tests/programs/lib/check.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long used_pages(void) { return sysconf(_SC_PHYS_PAGES) - sysconf(_SC_AVPHYS_PAGES); }

int main(void) {
    const size_t megabyte = 1 << 20;
    errno = 0;
    CHECK(malloc((size_t)1 << 30) == NULL && errno == ENOMEM); // of 16 MiB
    errno = 0;
    CHECK(calloc((size_t)1 << 20, 1 << 20) == NULL && errno == ENOMEM);

    char* block = malloc(8 * megabyte);
    CHECK(block != NULL);
    int zero = 1;
    for (size_t i = 4096; i < 8 * megabyte; i += 4096) zero = zero && block[i] == 0;
    check("fresh pages are zero", zero);
    CHECK(malloc(8 * megabyte) == NULL); // half of memory is promised already
    block[4 * megabyte] = 1;
    CHECK(block[4 * megabyte] == 1 && block[5 * megabyte] == 0);
    free(block);

    // Everything there is, to the last page; then all of it again.
    for (int round = 0; round < 2; round++) {
        static char* blocks[64];
        int count = 0;
        while (count < 64 && (blocks[count] = malloc(megabyte / 2)) != NULL) memset(blocks[count++], round + 1, megabyte / 2);
        check("most of memory can be had", count >= 20 && count < 64);
        int good = 1;
        for (int i = 0; i < count; i++) {
            good = good && blocks[i][0] == round + 1 && blocks[i][megabyte / 2 - 1] == round + 1;
            free(blocks[i]);
        }
        check("and holds what was written", good);
    }
    CHECK(used_pages() < 1024);
    return checks_done();
}
