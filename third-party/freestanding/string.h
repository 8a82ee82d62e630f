/* SPDX-License-Identifier: MIT */
/* The few C library functions that freestanding third-party code may use; minios or the unikernel supplies them. */
#pragma once
#include <stddef.h>
#ifdef __cplusplus
extern "C" {
#endif
void* memcpy(void* to, const void* from, size_t bytes);
void* memmove(void* to, const void* from, size_t bytes);
void* memset(void* to, int value, size_t bytes);
int memcmp(const void* left, const void* right, size_t bytes);
void* memchr(const void* where, int value, size_t bytes);
size_t strlen(const char* text);
#ifdef __cplusplus
}
#endif
