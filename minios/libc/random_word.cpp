// SPDX-License-Identifier: MIT
#include "random_word.h"

#include "result.h"

#include <string.h>
#include <sys/random.h>
#include <unistd.h>

namespace minios::libc {

namespace {

bool processor_has_rdrand() {
    unsigned eax = 1, ebx, ecx = 0, edx;
    asm("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return (ecx & 1u << 30) != 0;
}

} // namespace

bool random_word(unsigned long& word) {
    constexpr int attempts = 10; // Intel's manual: ten failures in a row mean that it is broken
    static const bool available = processor_has_rdrand();
    for (int attempt = 0; available && attempt < attempts; ++attempt) {
        unsigned long value;
        unsigned char good;
        asm volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(good) : : "cc");
        if (good == 0) continue;
        word = value;
        return true;
    }
    return false;
}

} // namespace minios::libc

namespace {

/// Fills with the processor's random numbers; false: it has none, or they are broken.
bool fill_random(char* to, std::size_t size) {
    for (std::size_t done = 0; done < size;) {
        unsigned long word;
        if (!minios::libc::random_word(word)) return false;
        const std::size_t part = size - done < sizeof word ? size - done : sizeof word;
        memcpy(to + done, &word, part);
        done += part;
    }
    return true;
}

} // namespace

extern "C" {

int getentropy(void* to, std::size_t size) {
    constexpr std::size_t most = 256; // POSIX: GETENTROPY_MAX
    if (size > most) return minios::libc::refuse(EINVAL);
    return fill_random(static_cast<char*>(to), size) ? 0 : minios::libc::refuse(ENOSYS);
}

ssize_t getrandom(void* to, std::size_t size, unsigned flags) {
    if ((flags & ~unsigned{GRND_NONBLOCK | GRND_RANDOM}) != 0) return minios::libc::refuse(EINVAL);
    return fill_random(static_cast<char*>(to), size) ? static_cast<ssize_t>(size) : minios::libc::refuse(ENOSYS);
}

} // extern "C"
