// SPDX-License-Identifier: MIT
// What newlib's <dirent.h> leaves to the system.
#ifndef SKERRY_SYS_DIRENT_H
#define SKERRY_SYS_DIRENT_H

#include <sys/types.h>

struct dirent {
    ino_t d_ino;
    off_t d_off;
    unsigned char d_type;
    char d_name[256];
};

typedef struct skerry_directory DIR;

#define DT_UNKNOWN 0
#define DT_FIFO 1
#define DT_CHR 2
#define DT_DIR 4
#define DT_BLK 6
#define DT_REG 8
#define DT_LNK 10
#define DT_SOCK 12

#endif
