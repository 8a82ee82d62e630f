// SPDX-License-Identifier: MIT
// cpio(5), "New ASCII Format", as `cpio -o -H newc` writes it; check sums are not looked at.
#pragma once

#include "archive_entry.h"

namespace minios::libc {

class CpioReader {
  public:
    CpioReader(const void* bytes, std::size_t size) : bytes_(static_cast<const char*>(bytes)), size_(size) {}
    /// Do these bytes begin like one?
    static bool recognizes(const void* bytes, std::size_t size);
    /// False: the end, or something that is no entry; then broken() says which.
    bool next(ArchiveEntry& entry);
    bool broken() const { return !whole_; }

  private:
    /// What stands in the header: eight hexadecimal digits each, after the magic.
    enum Field : unsigned { mode = 1, links = 4, time = 5, file_size = 6, name_size = 11 };
    bool field(Field which, std::size_t& value) const;

    const char* bytes_;
    std::size_t size_;
    std::size_t at_ = 0;
    bool whole_ = false;
};

} // namespace minios::libc
