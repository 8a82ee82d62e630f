// SPDX-License-Identifier: MIT
// Random numbers from the kernel's generator (minios/random.h).
#include "result.h"

#include <minios/random.h>

#include <sys/random.h>
#include <unistd.h>

using minios::libc::refuse;

extern "C" {

int getentropy(void* to, std::size_t size) {
    constexpr std::size_t most = 256; // POSIX: GETENTROPY_MAX
    if (size > most) return refuse(EINVAL);
    return minios::random::fill(to, size) ? 0 : refuse(ENOSYS);
}

ssize_t getrandom(void* to, std::size_t size, unsigned flags) {
    if ((flags & ~unsigned{GRND_NONBLOCK | GRND_RANDOM}) != 0) return refuse(EINVAL);
    return minios::random::fill(to, size) ? static_cast<ssize_t>(size) : refuse(ENOSYS);
}

} // extern "C"
