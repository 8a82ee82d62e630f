// SPDX-License-Identifier: MIT
// newlib has no header of this name.
#ifndef SKERRY_FTW_H
#define SKERRY_FTW_H

#include <sys/stat.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FTW_F 0   // a file
#define FTW_D 1   // a directory
#define FTW_DNR 2 // a directory that cannot be read
#define FTW_NS 3  // something without stat()
#define FTW_SL 4  // a symbolic link
#define FTW_DP 5  // a directory, after what is in it
#define FTW_SLN 6 // a symbolic link that leads nowhere

#define FTW_PHYS 1
#define FTW_MOUNT 2
#define FTW_CHDIR 4
#define FTW_DEPTH 8

struct FTW {
    int base, level;
};

int ftw(const char* path, int (*call)(const char* path, const struct stat* status, int type), int descriptors);
int nftw(const char* path, int (*call)(const char* path, const struct stat* status, int type, struct FTW* place),
         int descriptors, int flags);

#ifdef __cplusplus
}
#endif

#endif
