// SPDX-License-Identifier: MIT
// newlib declares lstat, and what utimensat takes for a time's tv_nsec, for some of its systems only.
#ifndef SKERRY_SYS_STAT_H
#define SKERRY_SYS_STAT_H

#include_next <sys/stat.h>

#ifndef UTIME_NOW
#define UTIME_NOW (-2L)  // the present time
#define UTIME_OMIT (-1L) // as it is
#endif

#ifdef __cplusplus
extern "C" {
#endif

int lstat(const char* __restrict path, struct stat* __restrict status);

#ifdef __cplusplus
}
#endif

#endif
