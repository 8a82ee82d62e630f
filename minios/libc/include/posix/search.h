// SPDX-License-Identifier: MIT
// Found before newlib's header of the same name, which lacks these.
#ifndef SKERRY_SEARCH_H
#define SKERRY_SEARCH_H

#include_next <search.h>

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void insque(void* element, void* before);
void remque(void* element);
void* lfind(const void* key, const void* base, size_t* count, size_t width, int (*compare)(const void*, const void*));
void* lsearch(const void* key, void* base, size_t* count, size_t width, int (*compare)(const void*, const void*));

#ifdef __cplusplus
}
#endif

#endif
