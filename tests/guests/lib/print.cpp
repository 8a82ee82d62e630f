// SPDX-License-Identifier: MIT
#include "lib/print.h"

#include "lib/hypercall.h"

#include <stdarg.h>

extern "C" {
void* memcpy(void* to, const void* from, size_t size) {
    void* result = to;
    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size)::"memory");
    return result;
}
void* memmove(void* to, const void* from, size_t size) {
    if (to <= from) return memcpy(to, from, size);
    for (size_t i = size; i-- > 0;) static_cast<volatile char*>(to)[i] = static_cast<const char*>(from)[i];
    return to;
}
void* memset(void* to, int byte, size_t size) {
    void* result = to;
    asm volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(byte) : "memory");
    return result;
}
int memcmp(const void* left, const void* right, size_t size) {
    for (size_t i = 0; i < size; i++) {
        const int difference = static_cast<const uint8_t*>(left)[i] - static_cast<const uint8_t*>(right)[i];
        if (difference != 0) return difference;
    }
    return 0;
}
size_t strlen(const char* text) {
    size_t length = 0;
    while (static_cast<const volatile char*>(text)[length] != 0) length++;
    return length;
}
int strcmp(const char* left, const char* right) {
    while (*left != 0 && *left == *right) left++, right++;
    return *left - *right;
}
char* strstr(const char* text, const char* part) {
    for (const size_t length = strlen(part); strlen(text) >= length; text++) {
        if (memcmp(text, part, length) == 0) return const_cast<char*>(text);
    }
    return nullptr;
}
}

namespace skerry::guest {
namespace {

class Line {
  public:
    void put(char c) {
        if (size_ < sizeof text_) text_[size_++] = c;
    }
    void put(const char* text) {
        for (; *text != 0; text++) put(*text);
    }
    void number(unsigned long value, unsigned base) {
        char digits[24];
        int n = 0;
        do digits[n++] = "0123456789abcdef"[value % base];
        while ((value /= base) != 0);
        while (n > 0) put(digits[--n]);
    }
    void write() { hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, size_, text_); }

  private:
    char text_[500];
    size_t size_ = 0;
};

} // namespace

void print(const char* format, ...) {
    Line line;
    va_list list;
    va_start(list, format);
    for (const char* at = format; *at != 0; at++) {
        if (*at != '%') {
            line.put(*at);
            continue;
        }
        const bool wide = *++at == 'l';
        if (wide) at++;
        if (*at == 's')
            line.put(va_arg(list, const char*));
        else if (*at == 'c')
            line.put(static_cast<char>(va_arg(list, int)));
        else if (*at == '%')
            line.put('%');
        else if (*at == 'p')
            line.number(reinterpret_cast<unsigned long>(va_arg(list, void*)), 16);
        else if (*at == 'd') {
            const long value = wide ? va_arg(list, long) : va_arg(list, int);
            if (value < 0) line.put('-');
            line.number(value < 0 ? 0UL - static_cast<unsigned long>(value) : static_cast<unsigned long>(value), 10);
        } else {
            const unsigned long value = wide ? va_arg(list, unsigned long) : va_arg(list, unsigned);
            line.number(value, *at == 'x' ? 16 : 10);
        }
    }
    va_end(list);
    line.write();
}

} // namespace skerry::guest
