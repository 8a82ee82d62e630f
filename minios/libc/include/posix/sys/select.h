// SPDX-License-Identifier: MIT
// Found before newlib's header of the same name: as many descriptors as there can be.
#ifndef SKERRY_SYS_SELECT_H
#define SKERRY_SYS_SELECT_H

#ifndef FD_SETSIZE
#define FD_SETSIZE 1024
#endif

#include_next <sys/select.h>

#endif
