// SPDX-License-Identifier: MIT
// newlib has no header of this name: messages of a program about itself, as on BSD and Linux.
#ifndef SKERRY_ERR_H
#define SKERRY_ERR_H

#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

// "PROGRAM: MESSAGE: what errno means", without the last in the calls with x; err and its kind then exit.
void warn(const char* format, ...) __attribute__((format(printf, 1, 2)));
void warnx(const char* format, ...) __attribute__((format(printf, 1, 2)));
void vwarn(const char* format, va_list arguments) __attribute__((format(printf, 1, 0)));
void vwarnx(const char* format, va_list arguments) __attribute__((format(printf, 1, 0)));
void err(int status, const char* format, ...) __attribute__((noreturn, format(printf, 2, 3)));
void errx(int status, const char* format, ...) __attribute__((noreturn, format(printf, 2, 3)));
void verr(int status, const char* format, va_list arguments) __attribute__((noreturn, format(printf, 2, 0)));
void verrx(int status, const char* format, va_list arguments) __attribute__((noreturn, format(printf, 2, 0)));

#ifdef __cplusplus
}
#endif

#endif
