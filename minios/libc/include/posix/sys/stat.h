// SPDX-License-Identifier: MIT
// newlib declares lstat for some of its systems only.
#ifndef SKERRY_SYS_STAT_H
#define SKERRY_SYS_STAT_H

#include_next <sys/stat.h>

#ifdef __cplusplus
extern "C" {
#endif

int lstat(const char* __restrict path, struct stat* __restrict status);

#ifdef __cplusplus
}
#endif

#endif
