// SPDX-License-Identifier: MIT
// newlib has no header of this name.
#ifndef SKERRY_SYS_RANDOM_H
#define SKERRY_SYS_RANDOM_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GRND_NONBLOCK 1 // numbers are always there: makes no difference
#define GRND_RANDOM 2   // there is one source: makes no difference

ssize_t getrandom(void* to, size_t size, unsigned flags);
int getentropy(void* to, size_t size);

#ifdef __cplusplus
}
#endif

#endif
