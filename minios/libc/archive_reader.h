// SPDX-License-Identifier: MIT
// Reads a cpio archive ("New ASCII Format", cpio(5)) in memory. Nothing in it is believed: every entry lies within the
// archive, or reading ends. Pure; tested and fuzzed on the host.
#pragma once

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

namespace minios::libc {

struct ArchiveEntry {
    mode_t mode;
    size_t links;
    time_t time;
    const char* name; ///< ends in a zero
    const char* data; ///< in the archive
    size_t size;
};

/// Reads entries one after the other and never beyond the archive.
class ArchiveReader {
  public:
    ArchiveReader(const char* bytes, size_t size) : bytes_(bytes), size_(size) {}

    /// Does it look like an archive at all?
    static bool begins_well(const char* bytes, size_t size);

    /// False: the end, or something that is no entry; then broken() says which.
    bool next(ArchiveEntry& entry);
    bool broken() const { return !whole_; }

  private:
    bool field(unsigned which, size_t& value) const;

    const char* bytes_;
    size_t size_;
    size_t at_ = 0;
    bool whole_ = false;
};

} // namespace minios::libc
