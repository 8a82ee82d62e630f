// SPDX-License-Identifier: MIT
// Permissions, owners, times and length by path or by descriptor. What is open is found by where it is now; when it was removed, by nothing.
#include "result.h"
#include "trees.h"

#include <sys/time.h>
#include <unistd.h>
#include <utime.h>

using namespace minios;
using libc::ask_tree;
using libc::Ending;
using libc::posix_result;
using libc::refuse;

namespace {

/// Does `act` with the path of an open file.
template <class Act> int with_path(int descriptor, Act act) {
    char path[libc::longest_path];
    const int error = libc::path_of(descriptor, path);
    return error != 0 ? refuse(-error) : act(static_cast<const char*>(path));
}

int set_times(const char* path, const timeval times[2]) {
    if (times == nullptr) return utimensat(AT_FDCWD, path, nullptr, 0);
    const auto convert = [](const timeval& time) { return timespec{time.tv_sec, time.tv_usec * 1000}; };
    for (int i = 0; i < 2; ++i)
        if (times[i].tv_usec < 0 || times[i].tv_usec > 999'999) return refuse(EINVAL);
    const timespec wanted[2] = {convert(times[0]), convert(times[1])};
    return utimensat(AT_FDCWD, path, wanted, 0);
}

} // namespace

extern "C" {

int fchmodat(int directory, const char* path, mode_t mode, int flags) {
    if (flags == AT_SYMLINK_NOFOLLOW) return refuse(EOPNOTSUPP);
    if (flags != 0) return refuse(EINVAL);
    return static_cast<int>(
        posix_result(ask_tree(directory, path, Ending::directory, &files::Tree::change_mode, -EROFS, mode)));
}
int chmod(const char* path, mode_t mode) { return fchmodat(AT_FDCWD, path, mode, 0); }

/// Everything is of user and group 0, and nobody else is there to give it to.
int fchownat(int directory, const char* path, uid_t owner, gid_t group, int flags) {
    struct stat status;
    if (fstatat(directory, path, &status, flags) != 0) return -1;
    const bool as_it_is =
        (owner == 0 || owner == static_cast<uid_t>(-1)) && (group == 0 || group == static_cast<gid_t>(-1));
    return as_it_is ? 0 : refuse(EINVAL);
}
int chown(const char* path, uid_t owner, gid_t group) { return fchownat(AT_FDCWD, path, owner, group, 0); }
int lchown(const char* path, uid_t owner, gid_t group) {
    return fchownat(AT_FDCWD, path, owner, group, AT_SYMLINK_NOFOLLOW);
}
int fchown(int descriptor, uid_t owner, gid_t group) {
    return with_path(descriptor, [=](const char* path) { return chown(path, owner, group); });
}

int utimensat(int directory, const char* path, const struct timespec times[2], int flags) {
    if (flags != 0) return refuse(EINVAL);
    return static_cast<int>(
        posix_result(ask_tree(directory, path, Ending::directory, &files::Tree::set_times, -EROFS, times)));
}
int futimens(int descriptor, const struct timespec times[2]) {
    return with_path(descriptor, [=](const char* path) { return utimensat(AT_FDCWD, path, times, 0); });
}
int utimes(const char* path, const struct timeval times[2]) { return set_times(path, times); }
int utime(const char* path, const struct utimbuf* times) {
    if (times == nullptr) return set_times(path, nullptr);
    const timeval wanted[2] = {{times->actime, 0}, {times->modtime, 0}};
    return set_times(path, wanted);
}

int truncate(const char* path, off_t size) {
    const int descriptor = open(path, O_WRONLY);
    if (descriptor < 0) return -1;
    const int result = ftruncate(descriptor, size), error = errno;
    close(descriptor);
    errno = error;
    return result;
}

} // extern "C"
