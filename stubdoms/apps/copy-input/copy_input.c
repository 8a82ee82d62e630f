// SPDX-License-Identifier: MIT
// The smallest filter: copies the files that are its arguments, or standard input until its end, to standard output.
#include <stdio.h>

static int copy(FILE* from) {
    char buffer[1000];
    for (size_t size; (size = fread(buffer, 1, sizeof buffer, from)) > 0;)
        if (fwrite(buffer, 1, size, stdout) != size) return 1;
    return ferror(from) != 0;
}

int main(int argc, char** argv) {
    if (argc == 1) return copy(stdin) || fflush(stdout) != 0;
    for (int i = 1; i < argc; i++) {
        FILE* file = fopen(argv[i], "r");
        if (file == NULL) {
            perror(argv[i]);
            return 1;
        }
        if (copy(file) != 0) return 1;
        fclose(file);
    }
    return fflush(stdout) != 0;
}
