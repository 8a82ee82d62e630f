// SPDX-License-Identifier: MIT
// Format: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header"; GNU tar's manual, "Basic Tar Format".
#include "tar_reader.h"

#include <errno.h>
#include <string.h>

namespace minios::libc {

struct TarReader::Header {
    char name[100], mode[8], user[8], group[8], size[12], time[12], sum[8];
    char type;
    char link[100], magic[6], version[2], user_name[32], group_name[32], major[8], minor[8], prefix[155], unused[12];
};

namespace {

constexpr std::size_t no_number = ~std::size_t{0};

enum Type : char {
    file = '0',
    old_file = 0,
    hard_link = '1',
    symbolic_link = '2',
    directory = '5',
    contiguous_file = '7',
    long_link = 'K',
    long_name = 'L',
    global_records = 'g',
    records = 'x'
};

/// Octal digits up to a space or zero, or, GNU's, a binary number behind a first byte of 0x80; no_number: neither.
template <std::size_t n> std::size_t number(const char (&field)[n]) {
    std::size_t value = 0;
    if (static_cast<unsigned char>(field[0]) == 0x80) {
        for (std::size_t i = 1; i < n; ++i) {
            if (value >> 55 != 0) return no_number;
            value = value << 8 | static_cast<unsigned char>(field[i]);
        }
        return value;
    }
    std::size_t at = 0;
    while (at < n && field[at] == ' ') ++at;
    for (; at < n && field[at] != ' ' && field[at] != 0; ++at) {
        if (field[at] < '0' || field[at] > '7') return no_number;
        value = value * 8 + static_cast<std::size_t>(field[at] - '0');
    }
    return value;
}

/// Decimal digits; whatever follows them is left. no_number: none, or too many.
std::size_t decimal(const char*& at, const char* end) {
    const char* first = at;
    std::size_t value = 0;
    for (; at < end && *at >= '0' && *at <= '9'; ++at) {
        if (value > no_number / 100) return no_number;
        value = value * 10 + static_cast<std::size_t>(*at - '0');
    }
    return at != first ? value : no_number;
}

template <std::size_t n> std::size_t length(const char (&field)[n]) { return strnlen(field, n); }

std::size_t whole_blocks(std::size_t size) { return (size + TarReader::block - 1) & ~(TarReader::block - 1); }

bool is_zero(const void* block) {
    const char* bytes = static_cast<const char*>(block);
    for (std::size_t i = 0; i < TarReader::block; ++i)
        if (bytes[i] != 0) return false;
    return true;
}

bool sum_is_right(const void* block, const char (&field)[8]) {
    const auto* bytes = static_cast<const unsigned char*>(block);
    const std::size_t from = static_cast<std::size_t>(field - static_cast<const char*>(block));
    std::size_t sum = 0;
    for (std::size_t i = 0; i < TarReader::block; ++i) sum += i >= from && i < from + sizeof field ? ' ' : bytes[i];
    return number(field) == sum;
}

mode_t kind_of(char type, bool name_ends_in_slash) {
    switch (type) {
    case old_file: return name_ends_in_slash ? S_IFDIR : S_IFREG;
    case file:
    case contiguous_file:
    case hard_link: return S_IFREG;
    case symbolic_link: return S_IFLNK;
    case directory: return S_IFDIR;
    default: return 0;
    }
}

} // namespace

bool TarReader::recognizes(const void* bytes, std::size_t size) {
    static_assert(sizeof(Header) == block);
    const auto* header = static_cast<const Header*>(bytes);
    return size >= block && memcmp(header->magic, "ustar", 5) == 0 && sum_is_right(bytes, header->sum);
}

/// The next header, which is one; nullptr: the archive ends or breaks here.
const TarReader::Header* TarReader::header() const {
    const auto* header = reinterpret_cast<const Header*>(bytes_ + at_);
    return size_ - at_ >= block && sum_is_right(header, header->sum) ? header : nullptr;
}

/// Takes the blocks of `size` bytes that follow; false: they are not all there.
bool TarReader::take_data(std::size_t size, const char*& data) {
    if (size > size_ - at_) return false;
    data = bytes_ + at_;
    const std::size_t blocks = whole_blocks(size);
    at_ = blocks < size_ - at_ ? at_ + blocks : size_;
    return true;
}

/// Keeps a name that is not too long; it ends at its first zero.
bool TarReader::keep(const char* text, std::size_t size, char (&where)[longest_name], int& error) {
    const std::size_t length = strnlen(text, size);
    if (length >= longest_name) {
        error = -ENAMETOOLONG;
        return false;
    }
    memcpy(where, text, length);
    where[length] = 0;
    return true;
}

void TarReader::apply_record(const char* key, std::size_t key_size, const char* value, std::size_t size,
                             Overrides& overrides) {
    const auto is = [=](const char* name) { return strlen(name) == key_size && memcmp(name, key, key_size) == 0; };
    const char* end = value + size;
    if (is("path")) {
        overrides.has_name = keep(value, size, name_, overrides.error);
    } else if (is("linkpath")) {
        overrides.has_link = keep(value, size, link_, overrides.error);
    } else if (is("size")) {
        overrides.size = decimal(value, end);
        overrides.has_size = true;
    } else if (is("mtime")) {
        const std::size_t time = decimal(value, end); // its fraction, and times before 1970, are left out
        overrides.has_time = time != no_number;
        overrides.time = static_cast<time_t>(time);
    } else if (key_size >= 10 && memcmp(key, "GNU.sparse", 10) == 0) {
        overrides.error = -EOPNOTSUPP;
    }
}

/// "LENGTH KEY=VALUE\n" each, where LENGTH counts all of it.
bool TarReader::read_records(const char* records, std::size_t size, Overrides& overrides) {
    const char* end = records + size;
    while (records < end && *records != 0) {
        const char* at = records;
        const std::size_t length = decimal(at, end);
        if (length > static_cast<std::size_t>(end - records) || length < static_cast<std::size_t>(at - records) + 2)
            return false;
        const char* record_end = records + length - 1;
        if (*at != ' ' || *record_end != '\n') return false;
        const char* key = at + 1;
        const auto* equals = static_cast<const char*>(memchr(key, '=', static_cast<std::size_t>(record_end - key)));
        if (equals == nullptr) return false;
        apply_record(key, static_cast<std::size_t>(equals - key), equals + 1,
                     static_cast<std::size_t>(record_end - equals - 1), overrides);
        records = record_end + 1;
    }
    return true;
}

/// What an entry without a file of its own says about the next; false: it is broken.
bool TarReader::read_override(const Header& header, Overrides& overrides) {
    const std::size_t size = number(header.size);
    const char* data;
    if (size == no_number || !take_data(size, data)) return false;
    switch (header.type) {
    case long_name: overrides.has_name = keep(data, size, name_, overrides.error); return true;
    case long_link: overrides.has_link = keep(data, size, link_, overrides.error); return true;
    case records: return read_records(data, size, overrides);
    default: return true; // global records: nothing in them is about one file
    }
}

bool TarReader::fill(const Header& header, const Overrides& overrides, ArchiveEntry& entry) {
    if (!overrides.has_name) {
        char* end = name_;
        if (memcmp(header.magic, "ustar\0", 6) == 0 && header.prefix[0] != 0) { // GNU has other things there
            memcpy(end, header.prefix, length(header.prefix));
            end += length(header.prefix);
            *end++ = '/';
        }
        memcpy(end, header.name, length(header.name));
        end[length(header.name)] = 0;
    }
    if (!overrides.has_link) {
        memcpy(link_, header.link, length(header.link));
        link_[length(header.link)] = 0;
    }
    const std::size_t name_size = strlen(name_), mode = number(header.mode), time = number(header.time);
    std::size_t size = overrides.has_size ? overrides.size : number(header.size);
    const mode_t kind = kind_of(header.type, name_size > 0 && name_[name_size - 1] == '/');
    if (kind == S_IFLNK || kind == S_IFDIR || header.type == hard_link) size = 0; // whatever stands there
    entry = {};
    if (size == no_number || !take_data(size, entry.data)) return false;
    entry.mode = kind | (mode != no_number ? mode & 07777 : 0);
    entry.time = overrides.has_time ? overrides.time : time != no_number ? static_cast<time_t>(time) : 0;
    entry.name = name_;
    entry.size = size;
    entry.error = overrides.error;
    if (kind == S_IFLNK) {
        entry.data = link_;
        entry.size = strlen(link_);
    }
    if (header.type == hard_link) entry.same_as = link_;
    return true;
}

bool TarReader::next(ArchiveEntry& entry) {
    Overrides overrides{};
    for (bool first = true;; first = false) {
        if (first && (at_ == size_ || (size_ - at_ >= block && is_zero(bytes_ + at_)))) {
            whole_ = true;
            return false;
        }
        const Header* found = header();
        if (found == nullptr) return false;
        at_ += block;
        const char type = found->type;
        if (type != long_name && type != long_link && type != records && type != global_records)
            return fill(*found, overrides, entry);
        if (!read_override(*found, overrides)) return false;
    }
}

} // namespace minios::libc
