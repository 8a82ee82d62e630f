// SPDX-License-Identifier: MIT
// Found before newlib's header of the same name, which is older than POSIX's.
#ifndef SKERRY_GLOB_H
#define SKERRY_GLOB_H

#include_next <glob.h>

#define GLOB_ABORTED GLOB_ABEND
#define GLOB_NOMATCH (-3)

#endif
