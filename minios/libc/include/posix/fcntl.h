// SPDX-License-Identifier: MIT
// Found before newlib's header of the same name, which lacks these.
#ifndef SKERRY_FCNTL_H
#define SKERRY_FCNTL_H

#include_next <fcntl.h>

#define POSIX_FADV_NORMAL 0
#define POSIX_FADV_RANDOM 1
#define POSIX_FADV_SEQUENTIAL 2
#define POSIX_FADV_WILLNEED 3
#define POSIX_FADV_DONTNEED 4
#define POSIX_FADV_NOREUSE 5

#ifdef __cplusplus
extern "C" {
#endif

// Both return the error instead of setting errno.
int posix_fadvise(int descriptor, off_t offset, off_t size, int advice);
int posix_fallocate(int descriptor, off_t offset, off_t size);

#ifdef __cplusplus
}
#endif

#endif
