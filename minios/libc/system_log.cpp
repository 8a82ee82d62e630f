// SPDX-License-Identifier: MIT
// syslog(): a line on the console, "NAME[PID]: text". There is nobody else to log to.
#include <minios/console.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

extern "C" const char minios_program_name[];

namespace {

constexpr int everything = LOG_UPTO(LOG_DEBUG);
const char* own_name; // nullptr: the program's
bool with_pid;
int mask = everything;

/// The format with each %m replaced by what errno says; whatever does not fit is cut off.
void expand_errors(const char* format, const char* error, char* to, std::size_t size) {
    std::size_t at = 0;
    const auto put = [&](const char* text, std::size_t length) {
        for (std::size_t i = 0; i < length && at + 1 < size; ++i) to[at++] = text[i];
    };
    for (; *format != 0; ++format) {
        if (format[0] != '%' || format[1] == 0) {
            put(format, 1);
            continue;
        }
        if (format[1] != 'm')
            put(format, 2);
        else
            for (const char* c = error; *c != 0; ++c) put(*c == '%' ? "%%" : c, *c == '%' ? 2 : 1);
        ++format;
    }
    to[at] = 0;
}

} // namespace

extern "C" {

void openlog(const char* name, int options, int) {
    own_name = name;
    with_pid = (options & LOG_PID) != 0;
}
void closelog() { own_name = nullptr; }
int setlogmask(int wanted) {
    const int before = mask;
    if (wanted != 0) mask = wanted;
    return before;
}

void vsyslog(int priority, const char* format, va_list arguments) {
    const int error = errno;
    if ((mask & LOG_MASK(LOG_PRI(priority))) == 0) return;
    char expanded[512], text[1024];
    expand_errors(format, strerror(error), expanded, sizeof expanded);
    vsnprintf(text, sizeof text, expanded, arguments);
    const std::size_t length = strlen(text);
    const char* end = length > 0 && text[length - 1] == '\n' ? "" : "\n";
    const char* name = own_name != nullptr ? own_name : minios_program_name;
    if (with_pid)
        minios::print("%s[%d]: %s%s", name, getpid(), text, end);
    else
        minios::print("%s: %s%s", name, text, end);
    errno = error;
}

void syslog(int priority, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsyslog(priority, format, arguments);
    va_end(arguments);
}

} // extern "C"
