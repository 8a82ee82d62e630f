// SPDX-License-Identifier: MIT
// The smallest program as a domain, which says when its main began and what memory it then had.
#include <stdio.h>
#include <unistd.h>

int main(void) {
    const unsigned long long begun = __builtin_ia32_rdtsc();
    printf("main %llu pages %ld of %ld\n", begun, sysconf(_SC_PHYS_PAGES) - sysconf(_SC_AVPHYS_PAGES),
           sysconf(_SC_PHYS_PAGES));
    return 0;
}
