// SPDX-License-Identifier: MIT
#include "trees.h"

#include "result.h"
#include "root.h"

#include <string.h>
#include <unistd.h>

namespace minios::libc {

namespace {

struct Mount {
    char where[64]; ///< "" for "/", else "/a/b"
    std::size_t length;
    const files::Tree* tree;
    void* context;
};

constexpr unsigned most_mounts = 16;
Mount mounts[most_mounts];
unsigned mount_count;
char current_directory[longest_path] = "/";

/// Does `path` lie in or below the mount's place?
bool covers(const Mount& mount, const char* path) {
    return strncmp(path, mount.where, mount.length) == 0 && (path[mount.length] == '/' || path[mount.length] == 0);
}

/// Adds the part [from, from + size) to a normal path of `length`.
int add_part(char (&normal)[longest_path], std::size_t& length, const char* from, std::size_t size) {
    if (size == 0 || (size == 1 && from[0] == '.')) return 0;
    if (size == 2 && from[0] == '.' && from[1] == '.') {
        while (length > 0 && normal[--length] != '/') {}
        return 0;
    }
    if (length + 1 + size >= longest_path) return -ENAMETOOLONG;
    normal[length++] = '/';
    memcpy(normal + length, from, size);
    length += size;
    return 0;
}

int add_parts(char (&normal)[longest_path], std::size_t& length, const char* path) {
    while (*path != 0) {
        const std::size_t size = strcspn(path, "/");
        if (const int error = add_part(normal, length, path, size); error != 0) return error;
        path += size + (path[size] == '/');
    }
    return 0;
}

} // namespace

int normalize(const char* directory, const char* path, char (&normal)[longest_path]) {
    std::size_t length = 0;
    int error = path[0] == '/' ? 0 : add_parts(normal, length, directory);
    if (error == 0) error = add_parts(normal, length, path);
    if (error != 0) return error;
    if (length == 0) normal[length++] = '/';
    normal[length] = 0;
    return 0;
}

int path_of(int descriptor, char (&path)[longest_path]) {
    files::OpenFile* file = files::find(descriptor);
    if (file == nullptr) return -EBADF;
    if (file->mounted_at == nullptr || file->operations.path == nullptr) return -EINVAL;
    const std::size_t length = strlen(file->mounted_at);
    strcpy(path, file->mounted_at);
    path[length] = '/';
    return file->operations.path(*file, path + length + 1, sizeof path - length - 1);
}

namespace {

/// Where relative paths begin.
int base_of(int directory, char (&base)[longest_path]) {
    if (directory == AT_FDCWD) {
        strcpy(base, current_directory);
        return 0;
    }
    const files::OpenFile* file = files::find(directory);
    if (file == nullptr) return -EBADF;
    if (file->operations.next_entry == nullptr) return -ENOTDIR;
    return path_of(directory, base);
}

} // namespace

int status_of(const Place& place, bool follow, struct stat& status) {
    if (place.tree->status == nullptr) return -ENOSYS;
    follow = follow || place.directory_wanted;
    const int error = place.tree->status(place.context, place.rest, follow, status);
    return error == 0 && place.directory_wanted && !S_ISDIR(status.st_mode) ? -ENOTDIR : error;
}

namespace {

/// Is it what a path that ends in '/' must be?
int check_ending(const Place& place, Ending ending) {
    struct stat status {};
    if (const int error = status_of(place, true, status); error != 0 || ending == Ending::directory) return error;
    const int error = place.tree->status(place.context, place.rest, false, status);
    return error == 0 && S_ISLNK(status.st_mode) ? -ENOTDIR : error;
}

} // namespace

int find_place(int directory, const char* path, Place& place, Ending ending) {
    if (path == nullptr) return -EFAULT;
    if (path[0] == 0) return -ENOENT;
    char base[longest_path] = "/", normal[longest_path];
    int error = path[0] == '/' ? 0 : base_of(directory, base);
    if (error == 0) error = normalize(base, path, normal);
    if (error != 0) return error;
    static bool root_is_there;
    if (!root_is_there && !(root_is_there = mount_root())) return -ENOMEM;
    const Mount* best = nullptr;
    for (unsigned i = 0; i < mount_count; ++i)
        if (covers(mounts[i], normal) && (best == nullptr || mounts[i].length > best->length)) best = &mounts[i];
    if (best == nullptr) return -ENOENT;
    place.tree = best->tree;
    place.context = best->context;
    place.mounted_at = best->where;
    place.directory_wanted = path[strlen(path) - 1] == '/';
    const char* rest = normal + best->length;
    strcpy(place.rest, rest[0] == '/' ? rest + 1 : rest);
    return place.directory_wanted && ending != Ending::unchecked ? check_ending(place, ending) : 0;
}

namespace {

int change_directory(const char* path) {
    Place place;
    struct stat status {};
    if (const int error = find_place(AT_FDCWD, path, place); error != 0) return error;
    if (const int error = status_of(place, true, status); error != 0) return error;
    if (!S_ISDIR(status.st_mode)) return -ENOTDIR;
    char normal[longest_path];
    (void)normalize(current_directory, path, normal);
    strcpy(current_directory, normal);
    return 0;
}

} // namespace
} // namespace minios::libc

namespace minios::files {

int mount(const char* where, const Tree& tree, void* context) {
    using namespace libc;
    char normal[longest_path];
    if (const int error = normalize("/", where, normal); error != 0) return error;
    const char* name = strcmp(normal, "/") == 0 ? "" : normal;
    if (mount_count == most_mounts) return -ENOSPC;
    if (strlen(name) >= sizeof mounts[0].where) return -ENAMETOOLONG;
    for (unsigned i = 0; i < mount_count; ++i)
        if (strcmp(mounts[i].where, name) == 0) return -EBUSY;
    Mount& mount = mounts[mount_count++];
    strcpy(mount.where, name);
    mount.length = strlen(name);
    mount.tree = &tree;
    mount.context = context;
    return 0;
}

} // namespace minios::files

extern "C" {

int chdir(const char* path) { return minios::libc::posix_result(minios::libc::change_directory(path)); }
int fchdir(int descriptor) {
    using namespace minios;
    const files::OpenFile* file = files::find(descriptor);
    if (file != nullptr && file->operations.next_entry == nullptr) return libc::refuse(ENOTDIR);
    char path[libc::longest_path];
    const int error = libc::path_of(descriptor, path);
    return libc::posix_result(error != 0 ? error : libc::change_directory(path));
}

char* getcwd(char* to, std::size_t size) {
    using minios::libc::current_directory;
    const std::size_t length = strlen(current_directory);
    if (to == nullptr) return strdup(current_directory);
    if (length + 1 > size) {
        errno = size == 0 ? EINVAL : ERANGE;
        return nullptr;
    }
    strcpy(to, current_directory);
    return to;
}

} // extern "C"
