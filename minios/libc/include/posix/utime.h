// SPDX-License-Identifier: MIT
// newlib's header of the same name has the structure only.
#ifndef SKERRY_UTIME_H
#define SKERRY_UTIME_H

#include <sys/types.h>

#include_next <utime.h>

#ifdef __cplusplus
extern "C" {
#endif

int utime(const char* path, const struct utimbuf* times);

#ifdef __cplusplus
}
#endif

#endif
