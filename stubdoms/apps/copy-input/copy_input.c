// SPDX-License-Identifier: MIT
// The smallest filter: copies standard input to standard output until its end.
#include <stdio.h>

int main(void) {
    char buffer[1000];
    for (size_t size; (size = fread(buffer, 1, sizeof buffer, stdin)) > 0;)
        if (fwrite(buffer, 1, size, stdout) != size) return 1;
    return ferror(stdin) || fflush(stdout) != 0;
}
