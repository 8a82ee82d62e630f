// SPDX-License-Identifier: MIT
#include "base/format.h"

#include <stdint.h>

namespace skerry {

namespace {

class Output {
  public:
    Output(char* buffer, size_t size) : buffer_(buffer), size_(size) {}

    void put(char c) {
        if (used_ + 1 < size_) buffer_[used_++] = c;
    }
    size_t finish() {
        if (size_) buffer_[used_] = 0;
        return used_;
    }

  private:
    char* buffer_;
    size_t size_;
    size_t used_ = 0;
};

// What stands between '%' and the conversion letter.
struct Directive {
    bool left = false;
    bool zero = false;
    unsigned width = 0;
    unsigned longs = 0; // 0: int, 1 or more: 64 bits
};

const char* parse_directive(const char* format, Directive& directive) {
    for (;; ++format) {
        if (*format == '-')
            directive.left = true;
        else if (*format == '0')
            directive.zero = true;
        else
            break;
    }
    for (; *format >= '0' && *format <= '9'; ++format)
        directive.width = directive.width * 10 + static_cast<unsigned>(*format - '0');
    for (; *format == 'l' || *format == 'z'; ++format) ++directive.longs;
    return format;
}

void put_padded(Output& out, const Directive& directive, const char* sign, const char* text, size_t length) {
    size_t total = length + (*sign ? 1 : 0);
    size_t padding = directive.width > total ? directive.width - total : 0;
    if (!directive.left && !directive.zero)
        for (; padding; --padding) out.put(' ');
    if (*sign) out.put(*sign);
    if (!directive.left)
        for (; padding; --padding) out.put('0');
    for (size_t i = 0; i < length; ++i) out.put(text[i]);
    for (; padding; --padding) out.put(' ');
}

void put_number(Output& out, const Directive& directive, const char* sign, uint64_t value, unsigned base) {
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    put_padded(out, directive, sign, digits + at, sizeof(digits) - at);
}

size_t length_of(const char* text) {
    size_t n = 0;
    while (text[n]) ++n;
    return n;
}

} // namespace

size_t format_arguments(char* buffer, size_t size, const char* format, va_list arguments) {
    Output out(buffer, size);
    while (char c = *format++) {
        if (c != '%') {
            out.put(c);
            continue;
        }
        Directive directive;
        format = parse_directive(format, directive);
        switch (c = *format++) {
        case 'd': {
            int64_t value = directive.longs ? va_arg(arguments, int64_t) : va_arg(arguments, int);
            uint64_t magnitude = value < 0 ? -static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
            put_number(out, directive, value < 0 ? "-" : "", magnitude, 10);
            break;
        }
        case 'u':
        case 'x': {
            uint64_t value = directive.longs ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned);
            put_number(out, directive, "", value, c == 'u' ? 10 : 16);
            break;
        }
        case 'p': put_number(out, directive, "", va_arg(arguments, uint64_t), 16); break;
        case 's': {
            const char* text = va_arg(arguments, const char*);
            text = text ? text : "(null)";
            directive.zero = false;
            put_padded(out, directive, "", text, length_of(text));
            break;
        }
        case 'c': {
            char character = static_cast<char>(va_arg(arguments, int));
            put_padded(out, directive, "", &character, 1);
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
