// SPDX-License-Identifier: MIT
// Console output of the tiny guests: one console_io hypercall per call.
#pragma once
#include <stddef.h>

namespace skerry::guest {

// printf with %s %c %d %u %x %lx %ld %lu %p %%, at most 500 characters. Nothing is printed in a peer domain without
// console.
[[gnu::format(printf, 1, 2)]] void print(const char* format, ...);

} // namespace skerry::guest

extern "C" {
void* memcpy(void* to, const void* from, size_t size);
void* memset(void* to, int byte, size_t size);
void* memmove(void* to, const void* from, size_t size);
int memcmp(const void* left, const void* right, size_t size);
size_t strlen(const char* text);
int strcmp(const char* left, const char* right);
char* strstr(const char* text, const char* part);
}
