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
    bool directory_wanted = false; ///< the path ended in '/'
    char rest[longest_path];
};

/// 0, or -ENOENT (no tree there, or an empty path), -ENAMETOOLONG. Relative paths begin at the current directory.
int find_place(const char* path, Place& place);

/// Makes "/a/b" of `path`: absolute, without "." and ".." and doubled '/'. 0 or -ENAMETOOLONG.
int normalize(const char* current_directory, const char* path, char (&normal)[longest_path]);

} // namespace minios::libc
