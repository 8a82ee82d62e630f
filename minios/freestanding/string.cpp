// SPDX-License-Identifier: MIT
// The memory and string functions that compilers call and freestanding code needs. Built twice: for programs without a
// C library under these names, and for the kernel under names of its own (minios/kernel-names), which must not use a C
// library's: those use vector registers, and the kernel's page fault handler must not disturb the code it interrupts.
#include <cstddef>
#include <cstdint>

extern "C" {

void* memcpy(void* to, const void* from, std::size_t size) {
    void* result = to;
    std::size_t words = size / 8, rest = size % 8;
    asm volatile("rep movsq\n\tmov %[rest], %%rcx\n\trep movsb"
                 : "+D"(to), "+S"(from), "+c"(words)
                 : [rest] "r"(rest)
                 : "memory");
    return result;
}

void* memmove(void* to, const void* from, std::size_t size) {
    if (reinterpret_cast<std::uintptr_t>(to) - reinterpret_cast<std::uintptr_t>(from) >= size)
        return memcpy(to, from, size);
    void* result = to;
    void* last_to = static_cast<char*>(to) + size - 1;
    const void* last_from = static_cast<const char*>(from) + size - 1;
    asm volatile("std\n\trep movsb\n\tcld" : "+D"(last_to), "+S"(last_from), "+c"(size) : : "memory");
    return result;
}

void* memset(void* to, int value, std::size_t size) {
    void* result = to;
    std::size_t words = size / 8, rest = size % 8;
    std::uint64_t pattern = 0x0101010101010101u * static_cast<unsigned char>(value);
    asm volatile("rep stosq\n\tmov %[rest], %%rcx\n\trep stosb"
                 : "+D"(to), "+c"(words)
                 : [rest] "r"(rest), "a"(pattern)
                 : "memory");
    return result;
}

int memcmp(const void* a, const void* b, std::size_t size) {
    const auto* left = static_cast<const unsigned char*>(a);
    const auto* right = static_cast<const unsigned char*>(b);
    for (std::size_t i = 0; i < size; ++i)
        if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
    return 0;
}

void* memchr(const void* s, int c, std::size_t size) {
    const auto* bytes = static_cast<const unsigned char*>(s);
    for (std::size_t i = 0; i < size; ++i)
        if (bytes[i] == static_cast<unsigned char>(c)) return const_cast<unsigned char*>(bytes + i);
    return nullptr;
}

std::size_t strlen(const char* s) {
    std::size_t length = 0;
    while (s[length] != 0) ++length;
    return length;
}

std::size_t strnlen(const char* s, std::size_t most) {
    std::size_t length = 0;
    while (length < most && s[length] != 0) ++length;
    return length;
}

int strncmp(const char* a, const char* b, std::size_t most) {
    for (std::size_t i = 0; i < most; ++i) {
        auto left = static_cast<unsigned char>(a[i]), right = static_cast<unsigned char>(b[i]);
        if (left != right) return left < right ? -1 : 1;
        if (left == 0) break;
    }
    return 0;
}

int strcmp(const char* a, const char* b) { return strncmp(a, b, ~std::size_t{0}); }

char* strchr(const char* s, int c) {
    for (;; ++s) {
        if (*s == static_cast<char>(c)) return const_cast<char*>(s);
        if (*s == 0) return nullptr;
    }
}

char* strcpy(char* to, const char* from) {
    memcpy(to, from, strlen(from) + 1);
    return to;
}

} // extern "C"
