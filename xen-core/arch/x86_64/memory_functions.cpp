// SPDX-License-Identifier: MIT
// The functions that compilers call by themselves. Eight bytes a turn: xen-core moves whole pages and small structures.
#include <stddef.h>
#include <stdint.h>

extern "C" {

void* memcpy(void* to, const void* from, size_t bytes) {
    void* destination = to;
    size_t words = bytes / 8;
    asm volatile("rep movsq\n mov %3, %2\n rep movsb"
                 : "+D"(destination), "+S"(from), "+&c"(words)
                 : "r"(bytes % 8)
                 : "memory");
    return to;
}

void* memset(void* to, int value, size_t bytes) {
    void* destination = to;
    size_t words = bytes / 8;
    asm volatile("rep stosq\n mov %3, %1\n rep stosb"
                 : "+D"(destination), "+&c"(words)
                 : "a"(static_cast<uint8_t>(value) * 0x0101010101010101), "r"(bytes % 8)
                 : "memory");
    return to;
}

void* memmove(void* to, const void* from, size_t bytes) {
    auto* destination = static_cast<uint8_t*>(to);
    auto* source = static_cast<const uint8_t*>(from);
    if (reinterpret_cast<uintptr_t>(destination) - reinterpret_cast<uintptr_t>(source) >= bytes)
        return memcpy(to, from, bytes);
    for (size_t i = bytes; i-- > 0;)
        asm volatile("movb %1, %0" : "=m"(destination[i]) : "r"(source[i])); // not a loop that becomes memmove again
    return to;
}

int memcmp(const void* a, const void* b, size_t bytes) {
    auto* left = static_cast<const uint8_t*>(a);
    auto* right = static_cast<const uint8_t*>(b);
    for (size_t i = 0; i < bytes; ++i)
        if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
    return 0;
}

size_t strlen(const char* text) {
    size_t length = 0;
    while (text[length]) ++length;
    return length;
}

} // extern "C"
