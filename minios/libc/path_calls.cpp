// SPDX-License-Identifier: MIT
// Calls that take a path: each finds the tree that answers and asks it.
#include "result.h"
#include "trees.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

using namespace minios;
using libc::find_place;
using libc::Place;
using libc::posix_result;

namespace {

/// Asks the tree of `path`, through `function` of it, with `arguments` behind the path.
template <class Function, class... Arguments>
long ask(const char* path, Function files::Tree::*function, long absent, Arguments&&... arguments) {
    Place place;
    if (const int error = find_place(path, place); error != 0) return error;
    if (place.tree->*function == nullptr) return absent;
    return (place.tree->*function)(place.context, place.rest, arguments...);
}

/// As ask(), for two paths, which must be of one tree.
template <class Function> long ask_both(const char* from, const char* to, Function files::Tree::*function) {
    Place first, second;
    if (const int error = find_place(from, first); error != 0) return error;
    if (const int error = find_place(to, second); error != 0) return error;
    if (first.tree != second.tree || first.context != second.context) return -EXDEV;
    if (first.tree->*function == nullptr) return -EROFS;
    return (first.tree->*function)(first.context, first.rest, second.rest);
}

mode_t cleared_permissions = 022; // umask()

int open_path(const char* path, int flags, mode_t mode) {
    Place place;
    files::OpenFile* file = nullptr;
    if (const int error = find_place(path, place); error != 0) return error;
    if (place.tree->open == nullptr) return -ENOSYS;
    if (place.directory_wanted) flags |= O_DIRECTORY;
    if (const int error = place.tree->open(place.context, place.rest, flags, mode & ~cleared_permissions, file);
        error != 0)
        return error;
    const int descriptor = files::install(*file, 0, (flags & O_CLOEXEC) != 0);
    if (descriptor < 0) files::release(*file);
    return descriptor;
}

} // namespace

extern "C" {

int open(const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const auto mode = (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
    va_end(arguments);
    return posix_result(open_path(path, flags, mode));
}
int creat(const char* path, mode_t mode) { return posix_result(open_path(path, O_WRONLY | O_CREAT | O_TRUNC, mode)); }

static int status_of(const char* path, bool follow, struct stat* status) {
    memset(status, 0, sizeof *status);
    return static_cast<int>(posix_result(ask(path, &files::Tree::status, -ENOSYS, follow, *status)));
}
int stat(const char* path, struct stat* status) { return status_of(path, true, status); }
int lstat(const char* path, struct stat* status) { return status_of(path, false, status); }

// There are no users: everything that is there may be used. What a tree cannot change, it says when asked to.
int access(const char* path, int) {
    struct stat status;
    return stat(path, &status);
}

int unlink(const char* path) { return static_cast<int>(posix_result(ask(path, &files::Tree::unlink, -EROFS))); }
int rmdir(const char* path) {
    return static_cast<int>(posix_result(ask(path, &files::Tree::remove_directory, -EROFS)));
}
int mkdir(const char* path, mode_t mode) {
    return static_cast<int>(posix_result(ask(path, &files::Tree::make_directory, -EROFS, mode & ~cleared_permissions)));
}
mode_t umask(mode_t cleared) {
    const mode_t before = cleared_permissions;
    cleared_permissions = cleared & 0777;
    return before;
}
int truncate(const char* path, off_t size) {
    const int descriptor = open(path, O_WRONLY);
    if (descriptor < 0) return -1;
    const int result = ftruncate(descriptor, size), error = errno;
    close(descriptor);
    errno = error;
    return result;
}
int chmod(const char* path, mode_t mode) {
    return static_cast<int>(posix_result(ask(path, &files::Tree::change_mode, -EROFS, mode)));
}
int utimes(const char* path, const struct timeval times[2]) {
    if (times == nullptr) return utimensat(AT_FDCWD, path, nullptr, 0);
    const auto precise = [](const timeval& time) {
        const bool valid = time.tv_usec >= 0 && time.tv_usec < 1'000'000;
        return timespec{time.tv_sec, valid ? time.tv_usec * 1000 : -1};
    };
    const struct timespec both[2] = {precise(times[0]), precise(times[1])};
    return utimensat(AT_FDCWD, path, both, 0);
}
int utimensat(int directory, const char* path, const struct timespec times[2], int flags) {
    if (flags != 0) return libc::refuse(EINVAL);
    if (directory != AT_FDCWD && path != nullptr && path[0] != '/')
        return libc::refuse(ENOSYS); // as openat, which there is not
    return static_cast<int>(posix_result(ask(path, &files::Tree::set_times, -EROFS, times)));
}

int rename(const char* from, const char* to) {
    return static_cast<int>(posix_result(ask_both(from, to, &files::Tree::rename)));
}
int _rename_r(struct _reent*, const char* from, const char* to) { return rename(from, to); }
int link(const char* from, const char* to) {
    return static_cast<int>(posix_result(ask_both(from, to, &files::Tree::link)));
}

int symlink(const char* content, const char* path) {
    Place place;
    if (const int error = find_place(path, place); error != 0) return posix_result(error);
    if (place.tree->make_symbolic_link == nullptr) return libc::refuse(EROFS);
    return posix_result(place.tree->make_symbolic_link(place.context, content, place.rest));
}

ssize_t readlink(const char* __restrict path, char* __restrict to, std::size_t size) {
    return posix_result(ask(path, &files::Tree::read_link, -EINVAL, to, size));
}

} // extern "C"
