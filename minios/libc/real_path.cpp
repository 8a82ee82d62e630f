// SPDX-License-Identifier: MIT
// realpath(): follows every symbolic link of a path. As everywhere here, ".." is taken away before links are followed, and an absolute link
// starts at the top of its own tree.
#include "result.h"
#include "trees.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

using namespace minios;
using libc::longest_path;
using libc::Place;

namespace {

/// Replaces the link `path[0, end)` by what it says; the rest of the path stays behind it.
int replace_link(char (&path)[longest_path], std::size_t end) {
    char link[longest_path], content[longest_path], whole[longest_path];
    memcpy(link, path, end);
    link[end] = 0;
    const ssize_t size = readlink(link, content, sizeof content - 1);
    if (size < 0) return -errno;
    content[size] = 0;
    Place place;
    if (const int error = libc::find_place(AT_FDCWD, link, place); error != 0) return error;
    const char* base = content[0] == '/' ? place.mounted_at : "";
    if (strlen(base) + strlen(content) + 1 + strlen(path + end) >= sizeof whole) return -ENAMETOOLONG;
    strcat(strcat(strcpy(whole, base), content), path + end);
    *strrchr(link, '/') = 0; // the directory that the link is in
    return libc::normalize(link[0] != 0 ? link : "/", whole, path);
}

int resolve(const char* given, char (&path)[longest_path]) {
    constexpr unsigned most_links = 40;
    char directory[longest_path];
    if (given == nullptr) return -EINVAL;
    if (given[0] == 0) return -ENOENT;
    if (getcwd(directory, sizeof directory) == nullptr) return -errno;
    if (const int error = libc::normalize(directory, given, path); error != 0) return error;
    unsigned links = 0;
    for (std::size_t end = 1; path[end] != 0 && path[end - 1] != 0;) {
        end += strcspn(path + end, "/");
        const char after = path[end];
        path[end] = 0;
        struct stat status;
        const int result = lstat(path, &status);
        path[end] = after;
        if (result != 0) return -errno;
        if (after != 0 && !S_ISDIR(status.st_mode) && !S_ISLNK(status.st_mode)) return -ENOTDIR;
        if (!S_ISLNK(status.st_mode)) {
            end += after != 0;
            continue;
        }
        if (++links > most_links) return -ELOOP;
        if (const int error = replace_link(path, end); error != 0) return error;
        end = 1; // again, from the top
    }
    return 0;
}

} // namespace

extern "C" char* realpath(const char* __restrict given, char* __restrict to) {
    char path[longest_path];
    if (const int error = resolve(given, path); error != 0) {
        errno = -error;
        return nullptr;
    }
    return to != nullptr ? strcpy(to, path) : strdup(path);
}
