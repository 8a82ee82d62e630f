// SPDX-License-Identifier: MIT
// Found before newlib's header of the same name, which lacks what glibc's also has: the program's name.
#ifndef SKERRY_ERRNO_H
#define SKERRY_ERRNO_H

#include_next <errno.h>

#if __GNU_VISIBLE
#ifdef __cplusplus
extern "C" {
#endif
extern char* program_invocation_name;
extern char* program_invocation_short_name;
#ifdef __cplusplus
}
#endif
#endif

#endif
