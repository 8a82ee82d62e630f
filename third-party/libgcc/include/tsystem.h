// SPDX-License-Identifier: MIT
// For libgcc's sources: the C library's headers, and gcc's assertions.
#ifndef SKERRY_TSYSTEM_H
#define SKERRY_TSYSTEM_H
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define gcc_assert(condition) ((void)(__builtin_expect(!(condition), 0) ? abort(), 0 : 0))
#define gcc_unreachable() (abort())
#define ATTRIBUTE_UNUSED __attribute__((unused))
#define CONST_CAST2(to, from, x)                                                                                       \
    ((__extension__(union {                                                                                            \
         from in;                                                                                                      \
         to out;                                                                                                       \
     })(x))                                                                                                            \
         .out)
#endif
