// SPDX-License-Identifier: MIT
// newlib has no header of this name.
#ifndef SKERRY_SYS_UIO_H
#define SKERRY_SYS_UIO_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define iovec iovec // lwIP's sockets.h looks whether somebody has it already
struct iovec {
    void* iov_base;
    size_t iov_len;
};

ssize_t readv(int descriptor, const struct iovec* pieces, int count);
ssize_t writev(int descriptor, const struct iovec* pieces, int count);

#if __BSD_VISIBLE
ssize_t preadv(int descriptor, const struct iovec* pieces, int count, off_t offset);
ssize_t pwritev(int descriptor, const struct iovec* pieces, int count, off_t offset);
#endif

#ifdef __cplusplus
}
#endif

#endif
