// SPDX-License-Identifier: MIT
// Found before newlib's header of the same name, which lacks these.
#ifndef SKERRY_STDLIB_H
#define SKERRY_STDLIB_H

#include_next <stdlib.h>

#if __BSD_VISIBLE
#ifdef __cplusplus
extern "C" {
#endif
const char* getprogname(void);
void setprogname(const char* name); // NAME is kept, not copied
#ifdef __cplusplus
}
#endif
#endif

#endif
