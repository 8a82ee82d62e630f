// SPDX-License-Identifier: MIT
// mkstemp() and its kind: names that are not guessed, and not the same again after the first is gone, as newlib's would be.
#include "result.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

using minios::libc::refuse;

namespace {

constexpr std::size_t least_placeholders = 6;
constexpr int most_tries = 100;

/// Tries names until MAKE, which gets the path, succeeds or fails for another reason than that the name is taken. What it returned, or -1.
template <class Make> int make_unique(char* pattern, int suffix, Make make) {
    constexpr char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"; // 64: none is favoured
    static_assert(sizeof letters == 64 + 1);
    const std::size_t length = strlen(pattern);
    if (suffix < 0 || length < static_cast<std::size_t>(suffix)) return refuse(EINVAL);
    const std::size_t end = length - static_cast<std::size_t>(suffix);
    std::size_t begin = end;
    while (begin > 0 && pattern[begin - 1] == 'X') --begin;
    if (end - begin < least_placeholders) return refuse(EINVAL);
    for (int i = 0; i < most_tries; ++i) {
        for (std::size_t at = begin; at < end; ++at) {
            unsigned char random;
            if (getrandom(&random, 1, 0) != 1) return -1;
            pattern[at] = letters[random % 64];
        }
        const int result = make(pattern);
        if (result >= 0 || errno != EEXIST) return result;
    }
    return refuse(EEXIST);
}

} // namespace

extern "C" {

int mkostemps(char* pattern, int suffix, int flags) {
    return make_unique(pattern, suffix, [=](const char* path) {
        return open(path, (flags & ~O_ACCMODE) | O_RDWR | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
    });
}
int mkstemp(char* pattern) { return mkostemps(pattern, 0, 0); }
int mkostemp(char* pattern, int flags) { return mkostemps(pattern, 0, flags); }
int mkstemps(char* pattern, int suffix) { return mkostemps(pattern, suffix, 0); }

char* mkdtemp(char* pattern) {
    return make_unique(pattern, 0, [](const char* path) { return mkdir(path, S_IRWXU); }) >= 0 ? pattern : nullptr;
}

/// The empty string when there is none, as POSIX had it.
char* mktemp(char* pattern) {
    const int result = make_unique(pattern, 0, [](const char* path) {
        struct stat status;
        if (lstat(path, &status) == 0) return refuse(EEXIST);
        return errno == ENOENT ? 0 : -1;
    });
    if (result < 0) pattern[0] = 0;
    return pattern;
}

} // extern "C"
