// SPDX-License-Identifier: MIT
// Walks a cpio archive in the "new ASCII" format (magic 070701 or 070702; cpio(5)). Only regular files are shown.
#pragma once

#include "builder-domain/modules/module_set.h"

namespace skerry::builder {

struct CpioFile {
    std::string_view name;
    Bytes bytes;
};

class CpioReader {
  public:
    explicit CpioReader(Bytes archive) : archive_(archive) {}

    static bool recognises(Bytes bytes);

    // The next regular file; nothing (an ok, empty optional) at the end of the archive.
    Result<std::optional<CpioFile>> next();

  private:
    struct Header {
        uint32_t mode;
        uint64_t name_size;
        uint64_t file_size;
    };
    Result<Header> read_header() const;

    Bytes archive_;
    size_t position_ = 0;
};

} // namespace skerry::builder
