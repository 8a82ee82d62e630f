// SPDX-License-Identifier: MIT
// newlib has no header of this name.
#ifndef SKERRY_SYS_STATVFS_H
#define SKERRY_SYS_STATVFS_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ST_RDONLY 1
#define ST_NOSUID 2

struct statvfs {
    unsigned long f_bsize, f_frsize;
    fsblkcnt_t f_blocks, f_bfree, f_bavail; // in f_frsize
    fsfilcnt_t f_files, f_ffree, f_favail;
    unsigned long f_fsid, f_flag, f_namemax;
};

int statvfs(const char* __restrict path, struct statvfs* __restrict statistics);
int fstatvfs(int descriptor, struct statvfs* statistics);

#ifdef __cplusplus
}
#endif

#endif
