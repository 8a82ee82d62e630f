// SPDX-License-Identifier: MIT
// POSIX's names for what newlib has under names of its own. And the one fact that its regcomp(), glob() and fnmatch() ask of locales: there is
// no table of collating sequences, so ranges of characters go by their codes.
#include <stdio.h>

int __collate_load_error = 1;

ssize_t getdelim(char** line, size_t* size, int delimiter, FILE* stream) {
    return __getdelim(line, size, delimiter, stream);
}
ssize_t getline(char** line, size_t* size, FILE* stream) { return __getline(line, size, stream); }
