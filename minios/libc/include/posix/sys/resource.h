// SPDX-License-Identifier: MIT
// newlib's, which forgets that C++ may include it.
#ifndef SKERRY_SYS_RESOURCE_H
#define SKERRY_SYS_RESOURCE_H

#ifdef __cplusplus
extern "C" {
#endif
#include_next <sys/resource.h>
#ifdef __cplusplus
}
#endif

#endif
