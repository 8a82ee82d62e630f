// SPDX-License-Identifier: MIT
// newlib's header of the same name has these under other names only.
#ifndef SKERRY_STDIO_H
#define SKERRY_STDIO_H

#include_next <stdio.h>

#if __POSIX_VISIBLE >= 200809
#ifdef __cplusplus
extern "C" {
#endif

_ssize_t getdelim(char** line, size_t* size, int delimiter, FILE* stream);
_ssize_t getline(char** line, size_t* size, FILE* stream);

#ifdef __cplusplus
}
#endif
#endif

#endif
