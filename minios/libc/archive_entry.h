// SPDX-License-Identifier: MIT
// What the readers of archives (cpio_reader.h, tar_reader.h) find: one entry at a time, nothing beyond the archive. The archive is not trusted.
#pragma once

#include <cstddef>
#include <sys/stat.h>
#include <time.h>

namespace minios::libc {

struct ArchiveEntry {
    mode_t mode;      ///< S_IFREG, S_IFDIR, S_IFLNK and permissions; others are devices and the like
    time_t time;      ///< of its last change
    const char* name; ///< as it stands in the archive; ends in a zero; valid until the next entry
    const char* data; ///< contents of a file, or what a symbolic link says (not ended by a zero)
    std::size_t size;
    const char* same_as; ///< a hard link: the name of the earlier entry whose file it is; else nullptr
    int error;           ///< 0, or -errno: why this entry cannot be in a tree
};

} // namespace minios::libc
