// SPDX-License-Identifier: MIT
// Calls that take a path, from the current directory or from an open one: each finds the tree that answers and asks it.
#include "trees.h"
#include "waiting.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

using namespace minios;
using libc::ask_tree;
using libc::Ending;
using libc::find_place;
using libc::Place;
using libc::posix_result;
using libc::refuse;
using libc::status_of;

namespace {

/// Is the last part "." or ".."? What is there cannot be removed by that name.
bool ends_in_dots(const char* path) {
    if (path == nullptr) return false;
    std::size_t end = strlen(path);
    while (end > 0 && path[end - 1] == '/') --end;
    std::size_t begin = end;
    while (begin > 0 && path[begin - 1] == '.') --begin;
    return end - begin >= 1 && end - begin <= 2 && (begin == 0 || path[begin - 1] == '/');
}

/// As ask_tree(), for two paths, which must be of one tree.
template <class Function>
int ask_both(int from_directory, const char* from, int to_directory, const char* to, Function files::Tree::*function) {
    Place first, second;
    if (const int error = find_place(from_directory, from, first, Ending::no_link); error != 0) return error;
    if (const int error = find_place(to_directory, to, second); error != 0) return error;
    struct stat status {};
    if (second.directory_wanted && status_of(first, false, status) == 0 && !S_ISDIR(status.st_mode)) return -ENOTDIR;
    if (first.tree != second.tree || first.context != second.context) return -EXDEV;
    if (first.tree->*function == nullptr) return -EROFS;
    return (first.tree->*function)(first.context, first.rest, second.rest);
}

mode_t cleared_permissions = 022; // umask()

int open_path(int directory, const char* path, int flags, mode_t mode) {
    Place place;
    files::OpenFile* file = nullptr;
    if (const int error = find_place(directory, path, place); error != 0) return error;
    if (place.tree->open == nullptr) return -ENOSYS;
    if (const int free = files::find_free(); free < 0) return free; // before anything is made or cut
    if (place.directory_wanted) flags |= O_DIRECTORY;
    if (const int error = place.tree->open(place.context, place.rest, flags, mode & ~cleared_permissions, file);
        error != 0)
        return error;
    if (file->mounted_at == nullptr) file->mounted_at = place.mounted_at;
    const int descriptor = files::install(*file, 0, (flags & O_CLOEXEC) != 0);
    if (descriptor < 0) files::release(*file);
    return descriptor;
}

int opened(int directory, const char* path, int flags, mode_t mode) {
    pthread_testcancel();
    const int result = open_path(directory, path, flags, mode);
    return libc::finish(result);
}

int statistics_of(int directory, const char* path, struct statvfs& statistics) {
    Place place;
    struct stat status {};
    if (const int error = find_place(directory, path, place); error != 0) return error;
    if (place.tree->statistics == nullptr) return -ENOSYS;
    if (const int error = status_of(place, true, status); error != 0) return error;
    statistics = {};
    return place.tree->statistics(place.context, statistics);
}

} // namespace

extern "C" {

int openat(int directory, const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const auto mode = (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
    va_end(arguments);
    return opened(directory, path, flags, mode);
}
int open(const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const auto mode = (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
    va_end(arguments);
    return opened(AT_FDCWD, path, flags, mode);
}
int creat(const char* path, mode_t mode) { return opened(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode); }

int fstatat(int directory, const char* __restrict path, struct stat* __restrict status, int flags) {
    if ((flags & ~AT_SYMLINK_NOFOLLOW) != 0) return refuse(EINVAL);
    memset(status, 0, sizeof *status);
    Place place;
    const int error = find_place(directory, path, place);
    return posix_result(error != 0 ? error : status_of(place, flags == 0, *status));
}
int stat(const char* path, struct stat* status) { return fstatat(AT_FDCWD, path, status, 0); }
int lstat(const char* path, struct stat* status) { return fstatat(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW); }

/// There are no users: everything that is there may be used, but nothing of a read-only tree may be written.
int faccessat(int directory, const char* path, int mode, int flags) {
    if ((flags & ~AT_EACCESS) != 0 || (mode & ~(R_OK | W_OK | X_OK)) != 0) return refuse(EINVAL);
    struct stat status;
    struct statvfs statistics;
    if (fstatat(directory, path, &status, 0) != 0) return -1;
    const bool read_only =
        (mode & W_OK) != 0 && statistics_of(directory, path, statistics) == 0 && (statistics.f_flag & ST_RDONLY) != 0;
    return read_only ? refuse(EROFS) : 0;
}
int access(const char* path, int mode) { return faccessat(AT_FDCWD, path, mode, 0); }

int unlinkat(int directory, const char* path, int flags) {
    if ((flags & ~AT_REMOVEDIR) != 0) return refuse(EINVAL);
    if (flags != 0 && ends_in_dots(path)) return refuse(EINVAL);
    const auto function = flags != 0 ? &files::Tree::remove_directory : &files::Tree::unlink;
    return static_cast<int>(posix_result(ask_tree(directory, path, Ending::no_link, function, -EROFS)));
}
int unlink(const char* path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char* path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
int remove(const char* path) {
    struct stat status;
    if (lstat(path, &status) != 0) return -1;
    return S_ISDIR(status.st_mode) ? rmdir(path) : unlink(path);
}
int _remove_r(struct _reent*, const char* path) { return remove(path); }

int mkdirat(int directory, const char* path, mode_t mode) {
    const mode_t allowed = mode & ~cleared_permissions;
    return static_cast<int>(
        posix_result(ask_tree(directory, path, Ending::unchecked, &files::Tree::make_directory, -EROFS, allowed)));
}
int mkdir(const char* path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
mode_t umask(mode_t cleared) {
    const mode_t before = cleared_permissions;
    cleared_permissions = cleared & 0777;
    return before;
}

int renameat(int from_directory, const char* from, int to_directory, const char* to) {
    if (ends_in_dots(from) || ends_in_dots(to)) return refuse(EINVAL);
    return posix_result(ask_both(from_directory, from, to_directory, to, &files::Tree::rename));
}
int rename(const char* from, const char* to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }
int _rename_r(struct _reent*, const char* from, const char* to) { return rename(from, to); }

int linkat(int from_directory, const char* from, int to_directory, const char* to, int flags) {
    if ((flags & ~AT_SYMLINK_FOLLOW) != 0) return refuse(EINVAL);
    return posix_result(ask_both(from_directory, from, to_directory, to, &files::Tree::link));
}
int link(const char* from, const char* to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int symlinkat(const char* content, int directory, const char* path) {
    Place place;
    if (const int error = find_place(directory, path, place, Ending::directory); error != 0) return posix_result(error);
    if (place.tree->make_symbolic_link == nullptr) return refuse(EROFS);
    return posix_result(place.tree->make_symbolic_link(place.context, content, place.rest));
}
int symlink(const char* content, const char* path) { return symlinkat(content, AT_FDCWD, path); }

ssize_t readlinkat(int directory, const char* __restrict path, char* __restrict to, std::size_t size) {
    Place place;
    if (const int error = find_place(directory, path, place, Ending::directory); error != 0) return posix_result(error);
    if (place.tree->read_link == nullptr || place.directory_wanted) return refuse(EINVAL);
    return posix_result(place.tree->read_link(place.context, place.rest, to, size));
}
ssize_t readlink(const char* __restrict path, char* __restrict to, std::size_t size) {
    return readlinkat(AT_FDCWD, path, to, size);
}

int statvfs(const char* __restrict path, struct statvfs* __restrict statistics) {
    return posix_result(statistics_of(AT_FDCWD, path, *statistics));
}
int fstatvfs(int descriptor, struct statvfs* statistics) {
    const files::OpenFile* file = files::find(descriptor);
    if (file == nullptr) return refuse(EBADF);
    if (file->mounted_at == nullptr) return refuse(ENOSYS);
    return statvfs(file->mounted_at[0] != 0 ? file->mounted_at : "/", statistics);
}

/// No tree here holds pipes or devices of a program's.
int mkfifoat(int, const char*, mode_t) { return refuse(ENOSYS); }
int mkfifo(const char*, mode_t) { return refuse(ENOSYS); }
int mknodat(int, const char*, mode_t, dev_t) { return refuse(ENOSYS); }
int mknod(const char*, mode_t, dev_t) { return refuse(ENOSYS); }

} // extern "C"
