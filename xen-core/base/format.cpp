// SPDX-License-Identifier: MIT
#include "base/log.h"

namespace skerry {
namespace {

struct Output {
    char* buffer;
    size_t size;
    size_t used = 0; // below `size`

    void put(char c) {
        if (used + 1 < size) buffer[used++] = c;
    }
    // With zeros in front, up to `width` digits.
    void put_number(uint64_t value, unsigned base, unsigned width) {
        char digits[20];
        size_t first = sizeof(digits);
        do {
            digits[--first] = "0123456789abcdef"[value % base];
            value /= base;
        } while (value || (first && sizeof(digits) - first < width));
        while (first < sizeof(digits)) put(digits[first++]);
    }
};

} // namespace

size_t format_arguments(char* buffer, size_t size, const char* format, va_list arguments) {
    Output out{buffer, size};
    while (char c = *format++) {
        if (c != '%') {
            out.put(c);
            continue;
        }
        unsigned width = 0;
        for (; *format >= '0' && *format <= '9'; ++format) width = width * 10 + static_cast<unsigned>(*format - '0');
        bool is_long = *format == 'l' || *format == 'z'; // 64 bits, else int
        format += is_long;
        switch (c = *format++) {
        case 'd': {
            int64_t value = is_long ? va_arg(arguments, int64_t) : va_arg(arguments, int);
            if (value < 0) out.put('-');
            out.put_number(value < 0 ? -static_cast<uint64_t>(value) : static_cast<uint64_t>(value), 10, width);
            break;
        }
        case 'u':
        case 'x': {
            uint64_t value = is_long ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned);
            out.put_number(value, c == 'u' ? 10 : 16, width);
            break;
        }
        case 's': {
            const char* text = va_arg(arguments, const char*);
            for (text = text ? text : "(null)"; *text; ++text) out.put(*text);
            break;
        }
        default: out.put(c);
        }
    }
    if (size) buffer[out.used] = 0;
    return out.used;
}

size_t format_text(char* buffer, size_t size, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t length = format_arguments(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}

} // namespace skerry
