// SPDX-License-Identifier: MIT
// tar: POSIX's ustar and pax, and GNU's long names (its sparse files are refused one by one).
#pragma once

#include "archive_entry.h"

namespace minios::libc {

class TarReader {
  public:
    static constexpr std::size_t block = 512, longest_name = 1024; // PATH_MAX

    TarReader(const void* bytes, std::size_t size) : bytes_(static_cast<const char*>(bytes)), size_(size) {}
    /// Do these bytes begin like one?
    static bool recognizes(const void* bytes, std::size_t size);
    /// False: the end (also an archive that just stops between two entries), or something that is no entry; then broken() says which.
    bool next(ArchiveEntry& entry);
    bool broken() const { return !whole_; }

  private:
    /// What comes before an entry's own header and replaces parts of it.
    struct Overrides {
        bool has_name, has_link, has_size, has_time;
        std::size_t size;
        time_t time;
        int error; ///< as ArchiveEntry has it
    };
    struct Header;

    const Header* header() const;
    bool take_data(std::size_t size, const char*& data);
    bool read_override(const Header& header, Overrides& overrides);
    bool read_records(const char* records, std::size_t size, Overrides& overrides);
    void apply_record(const char* key, std::size_t key_size, const char* value, std::size_t size, Overrides& overrides);
    bool keep(const char* text, std::size_t size, char (&where)[longest_name], int& error);
    bool fill(const Header& header, const Overrides& overrides, ArchiveEntry& entry);

    const char* bytes_;
    std::size_t size_;
    std::size_t at_ = 0;
    bool whole_ = false;
    char name_[longest_name] = {}, link_[longest_name] = {};
};

} // namespace minios::libc
