// SPDX-License-Identifier: MIT
// printf-style formatting without floating point. No state; also compiled on the host for its tests.
#include <minios/console.h>

#include <cstdint>

namespace minios {
namespace {

struct Output {
    char* buffer;
    std::size_t size;
    std::size_t length = 0;
    void put(char c) {
        if (length + 1 < size) buffer[length] = c;
        ++length;
    }
    void pad(char c, int count) {
        for (; count > 0; --count) put(c);
    }
};

struct Spec {
    bool left = false, zero = false, alternate = false, plus = false, space = false;
    int width = 0, precision = -1;
    unsigned size = 4; // bytes of the integer
};

int parse_number(const char*& p) {
    int value = 0;
    for (; *p >= '0' && *p <= '9'; ++p)
        if (value < 100'000) value = value * 10 + (*p - '0');
    return value;
}

void parse_flags(const char*& p, Spec& spec) {
    for (;; ++p) {
        switch (*p) {
        case '-': spec.left = true; break;
        case '0': spec.zero = true; break;
        case '#': spec.alternate = true; break;
        case '+': spec.plus = true; break;
        case ' ': spec.space = true; break;
        default: return;
        }
    }
}

void parse_length(const char*& p, Spec& spec) {
    switch (*p) {
    case 'h':
        spec.size = p[1] == 'h' ? 1 : 2;
        p += p[1] == 'h' ? 2 : 1;
        return;
    case 'l':
        spec.size = 8;
        p += p[1] == 'l' ? 2 : 1;
        return;
    case 'z':
    case 't':
    case 'j':
        spec.size = 8;
        ++p;
        return;
    default: return;
    }
}

void put_number(Output& out, const Spec& spec, std::uint64_t value, unsigned base, bool upper, const char* prefix) {
    char digits[24];
    int count = 0;
    const char* alphabet = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    for (; value != 0; value /= base) digits[count++] = alphabet[value % base];
    int least = spec.precision >= 0 ? spec.precision : 1;
    int zeros = least > count ? least - count : 0;
    int prefix_length = 0;
    while (prefix[prefix_length] != 0) ++prefix_length;
    int blanks = spec.width - count - zeros - prefix_length;
    if (spec.zero && !spec.left && spec.precision < 0 && blanks > 0) {
        zeros += blanks;
        blanks = 0;
    }
    if (!spec.left) out.pad(' ', blanks);
    for (int i = 0; i < prefix_length; ++i) out.put(prefix[i]);
    out.pad('0', zeros);
    while (count > 0) out.put(digits[--count]);
    if (spec.left) out.pad(' ', blanks);
}

void put_signed(Output& out, const Spec& spec, std::int64_t value) {
    const char* sign = value < 0 ? "-" : spec.plus ? "+" : spec.space ? " " : "";
    std::uint64_t magnitude = value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
    put_number(out, spec, magnitude, 10, false, sign);
}

void put_string(Output& out, const Spec& spec, const char* s) {
    if (s == nullptr) s = "(null)";
    int length = 0;
    while ((spec.precision < 0 || length < spec.precision) && s[length] != 0) ++length;
    if (!spec.left) out.pad(' ', spec.width - length);
    for (int i = 0; i < length; ++i) out.put(s[i]);
    if (spec.left) out.pad(' ', spec.width - length);
}

std::uint64_t truncate(std::uint64_t value, unsigned size) {
    return size == 8 ? value : value & ((std::uint64_t{1} << (size * 8)) - 1);
}

std::int64_t sign_extend(std::uint64_t value, unsigned size) {
    unsigned shift = 64 - size * 8;
    return static_cast<std::int64_t>(value << shift) >> shift;
}

} // namespace

int vformat_to(char* buffer, std::size_t size, const char* p, std::va_list arguments) {
    Output out{buffer, size};
    for (; *p != 0; ++p) {
        if (*p != '%') {
            out.put(*p);
            continue;
        }
        ++p;
        Spec spec;
        parse_flags(p, spec);
        if (*p == '*') {
            ++p;
            spec.width = va_arg(arguments, int);
            if (spec.width < 0) {
                spec.left = true;
                spec.width = -spec.width;
            }
        } else {
            spec.width = parse_number(p);
        }
        if (*p == '.') {
            ++p;
            if (*p == '*') {
                ++p;
                spec.precision = va_arg(arguments, int);
            } else {
                spec.precision = parse_number(p);
            }
        }
        parse_length(p, spec);
        switch (*p) {
        case 'd':
        case 'i':
            put_signed(out, spec,
                       spec.size == 8 ? va_arg(arguments, long) : sign_extend(va_arg(arguments, unsigned), spec.size));
            break;
        case 'u':
        case 'o':
        case 'x':
        case 'X': {
            std::uint64_t value =
                spec.size == 8 ? va_arg(arguments, unsigned long) : truncate(va_arg(arguments, unsigned), spec.size);
            const char* prefix = !spec.alternate || value == 0 ? ""
                                 : *p == 'x'                   ? "0x"
                                 : *p == 'X'                   ? "0X"
                                 : *p == 'o'                   ? "0"
                                                               : "";
            put_number(out, spec, value, *p == 'u' ? 10 : *p == 'o' ? 8 : 16, *p == 'X', prefix);
            break;
        }
        case 'p':
            put_number(out, spec, reinterpret_cast<std::uint64_t>(va_arg(arguments, void*)), 16, false, "0x");
            break;
        case 'c': {
            char text[2] = {static_cast<char>(va_arg(arguments, int)), 0};
            put_string(out, spec, text);
            break;
        }
        case 's': put_string(out, spec, va_arg(arguments, const char*)); break;
        case '%': out.put('%'); break;
        case 0: --p; break;
        default:
            out.put('%');
            out.put(*p);
            break;
        }
    }
    if (size > 0) buffer[out.length < size ? out.length : size - 1] = 0;
    return static_cast<int>(out.length);
}

int format_to(char* buffer, std::size_t size, const char* format, ...) {
    std::va_list arguments;
    va_start(arguments, format);
    int length = vformat_to(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}

} // namespace minios
