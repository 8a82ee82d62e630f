// SPDX-License-Identifier: MIT
// A program's messages about itself (<err.h>), and the name that it calls itself by.
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern "C" const char minios_program_name[];

namespace {

/// ERROR 0: nothing about errno.
void say(const char* format, va_list arguments, int error) {
    fprintf(stderr, "%s: ", program_invocation_short_name);
    if (format != nullptr) vfprintf(stderr, format, arguments);
    if (error != 0) fprintf(stderr, format != nullptr ? ": %s" : "%s", strerror(error));
    fputc('\n', stderr);
}

} // namespace

extern "C" {

char* program_invocation_name = const_cast<char*>(minios_program_name);
char* program_invocation_short_name = const_cast<char*>(minios_program_name);

const char* getprogname() { return program_invocation_short_name; }
void setprogname(const char* name) {
    const char* slash = strrchr(name, '/');
    program_invocation_short_name = const_cast<char*>(slash != nullptr ? slash + 1 : name);
}

void vwarn(const char* format, va_list arguments) { say(format, arguments, errno); }
void vwarnx(const char* format, va_list arguments) { say(format, arguments, 0); }
void verr(int status, const char* format, va_list arguments) {
    say(format, arguments, errno);
    exit(status);
}
void verrx(int status, const char* format, va_list arguments) {
    say(format, arguments, 0);
    exit(status);
}

void warn(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vwarn(format, arguments);
    va_end(arguments);
}
void warnx(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vwarnx(format, arguments);
    va_end(arguments);
}
void err(int status, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    verr(status, format, arguments);
}
void errx(int status, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    verrx(status, format, arguments);
}

} // extern "C"
