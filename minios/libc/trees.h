// SPDX-License-Identifier: MIT
// The name space: which tree answers for a path.
#pragma once

#include <minios/files.h>

namespace minios::libc {

inline constexpr std::size_t longest_path = 1024; // PATH_MAX of newlib's limits.h

/// Where a path leads: the tree, and the rest of the path for it.
struct Place {
    const files::Tree* tree = nullptr;
    void* context = nullptr;
    const char* mounted_at = nullptr; ///< where the tree is mounted: "" for "/", else as "/a/b"
    bool directory_wanted = false;    ///< the path ended in '/'
    char rest[longest_path];
};

/// What a path that ends in '/' has to be: nothing that is looked at here, a directory or a link to one, or a directory and no link.
enum class Ending { unchecked, directory, no_link };

/// 0, or -ENOENT (no tree there, or an empty path), -ENAMETOOLONG. Relative paths begin at the directory of a descriptor, or, with AT_FDCWD,
/// at the current one; also -EBADF, -ENOTDIR. Only an ending that is checked asks the tree.
int find_place(int directory, const char* path, Place& place, Ending ending = Ending::unchecked);
/// stat(), or lstat() when not `follow`: a '/' at the end follows a link always, and what is there must be a directory.
int status_of(const Place& place, bool follow, struct stat& status);
/// Where an open file is now: an absolute path. -EBADF; -EINVAL: it has no path; -ENOENT: it was removed; -ENAMETOOLONG.
int path_of(int descriptor, char (&path)[longest_path]);

/// Asks the tree of `path`, through `function` of it, with `arguments` behind the path. `absent`: the answer without such a function.
template <class Function, class... Arguments>
long ask_tree(int directory, const char* path, Ending ending, Function files::Tree::*function, long absent,
              Arguments&&... arguments) {
    Place place;
    if (const int error = find_place(directory, path, place, ending); error != 0) return error;
    if (place.tree->*function == nullptr) return absent;
    return (place.tree->*function)(place.context, place.rest, arguments...);
}

/// Makes "/a/b" of `path`: absolute, without "." and ".." and doubled '/'. 0 or -ENAMETOOLONG.
int normalize(const char* current_directory, const char* path, char (&normal)[longest_path]);

} // namespace minios::libc
