// SPDX-License-Identifier: MIT
#include "base/log.h"

#include <string.h>

namespace skerry {

namespace {

struct Output {
    char* buffer;
    size_t size;
    size_t used = 0; // below `size`

    void put(char c) {
        if (used + 1 < size) buffer[used++] = c;
    }
    void repeat(char c, size_t times) {
        while (times--) put(c);
    }
    size_t finish() {
        if (size) buffer[used] = 0;
        return used;
    }
};

// What stands between '%' and the conversion letter.
struct Directive {
    bool left = false;
    bool zero = false;
    unsigned width = 0;
    bool is_long = false; // 64 bits, else int
};

const char* parse_directive(const char* format, Directive& directive) {
    for (; *format == '-'; ++format) directive.left = true;
    for (; *format == '0'; ++format) directive.zero = true;
    for (; *format >= '0' && *format <= '9'; ++format)
        directive.width = directive.width * 10 + static_cast<unsigned>(*format - '0');
    for (; *format == 'l' || *format == 'z'; ++format) directive.is_long = true;
    return format;
}

void put_padded(Output& out, const Directive& directive, const char* text, size_t length, bool negative = false) {
    size_t total = length + negative;
    size_t padding = directive.width > total ? directive.width - total : 0;
    if (!directive.left && !directive.zero) out.repeat(' ', padding);
    if (negative) out.put('-');
    if (!directive.left && directive.zero) out.repeat('0', padding);
    for (size_t i = 0; i < length; ++i) out.put(text[i]);
    if (directive.left) out.repeat(' ', padding);
}

void put_number(Output& out, const Directive& directive, uint64_t value, unsigned base, bool negative = false) {
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    put_padded(out, directive, digits + at, sizeof(digits) - at, negative);
}

} // namespace

size_t format_arguments(char* buffer, size_t size, const char* format, va_list arguments) {
    Output out{buffer, size};
    while (char c = *format++) {
        if (c != '%') {
            out.put(c);
            continue;
        }
        Directive directive;
        format = parse_directive(format, directive);
        switch (c = *format++) {
        case 'p': directive.is_long = true; [[fallthrough]];
        case 'd':
        case 'u':
        case 'x': {
            uint64_t value = directive.is_long ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned);
            if (c == 'd' && !directive.is_long) value = static_cast<uint64_t>(static_cast<int32_t>(value));
            bool negative = c == 'd' && value >> 63;
            put_number(out, directive, negative ? -value : value, c == 'd' || c == 'u' ? 10 : 16, negative);
            break;
        }
        case 's': {
            const char* text = va_arg(arguments, const char*);
            text = text ? text : "(null)";
            directive.zero = false;
            put_padded(out, directive, text, strlen(text));
            break;
        }
        case 'c': {
            char character = static_cast<char>(va_arg(arguments, int));
            put_padded(out, directive, &character, 1);
            break;
        }
        case 0: return out.finish();
        default: out.put(c);
        }
    }
    return out.finish();
}

size_t format_text(char* buffer, size_t size, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t length = format_arguments(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}

} // namespace skerry
