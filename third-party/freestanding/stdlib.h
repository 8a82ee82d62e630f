/* SPDX-License-Identifier: MIT */
/* The few C library functions that freestanding third-party code may use; minios or the unikernel supplies them. */
#pragma once
#include <stddef.h>
#ifdef __cplusplus
extern "C" {
#endif
void* malloc(size_t bytes);
void* calloc(size_t count, size_t bytes);
void free(void* memory);
void abort(void) __attribute__((noreturn));
#ifdef __cplusplus
}
#endif
