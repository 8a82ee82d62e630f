// SPDX-License-Identifier: MIT
// newlib has no header of this name: characters of UTF-16 and UTF-32, from and to those of the locale.
#ifndef SKERRY_UCHAR_H
#define SKERRY_UCHAR_H

#include <stddef.h>
#include <wchar.h>

#ifdef __cplusplus
extern "C" {
#else
typedef __CHAR16_TYPE__ char16_t;
typedef __CHAR32_TYPE__ char32_t;
#endif

size_t c16rtomb(char* bytes, char16_t character, mbstate_t* state);
size_t c32rtomb(char* bytes, char32_t character, mbstate_t* state);
size_t mbrtoc16(char16_t* character, const char* bytes, size_t size, mbstate_t* state);
size_t mbrtoc32(char32_t* character, const char* bytes, size_t size, mbstate_t* state);

#ifdef __cplusplus
}
#endif

#endif
