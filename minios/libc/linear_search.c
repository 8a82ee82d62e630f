// SPDX-License-Identifier: MIT
// <search.h>: what newlib has not got, lists and tables without order. In C, built with unwind tables: the comparison may throw.
#include <search.h>
#include <string.h>

struct element {
    struct element *next, *previous;
};

void insque(void* element, void* before) {
    struct element *added = element, *place = before;
    added->previous = place;
    added->next = place != NULL ? place->next : NULL;
    if (added->next != NULL) added->next->previous = added;
    if (place != NULL) place->next = added;
}

void remque(void* element) {
    const struct element* removed = element;
    if (removed->next != NULL) removed->next->previous = removed->previous;
    if (removed->previous != NULL) removed->previous->next = removed->next;
}

void* lfind(const void* key, const void* base, size_t* count, size_t width, int (*compare)(const void*, const void*)) {
    const char* at = base;
    for (size_t i = 0; i < *count; ++i, at += width)
        if (compare(key, at) == 0) return (void*)at;
    return NULL;
}

void* lsearch(const void* key, void* base, size_t* count, size_t width, int (*compare)(const void*, const void*)) {
    void* found = lfind(key, base, count, width, compare);
    return found != NULL ? found : memcpy((char*)base + (*count)++ * width, key, width);
}
