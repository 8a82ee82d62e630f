// SPDX-License-Identifier: MIT
#include "archive_reader.h"

#include <string.h>

namespace minios::libc {

namespace {

constexpr char magic[] = "070701", magic_with_sums[] = "070702"; // sums are not looked at
constexpr size_t header_size = 110;
constexpr char end_name[] = "TRAILER!!!";

/// What stands in the header: eight hexadecimal digits each, after the magic.
enum Field : unsigned { field_mode = 1, field_links = 4, field_time = 5, field_size = 6, field_name_size = 11 };

size_t padded(size_t offset) { return (offset + 3) & ~size_t{3}; }

int digit_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const int letter = c | 32;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

} // namespace

bool ArchiveReader::begins_well(const char* bytes, size_t size) {
    return size >= header_size && (memcmp(bytes, magic, 6) == 0 || memcmp(bytes, magic_with_sums, 6) == 0);
}

bool ArchiveReader::field(unsigned which, size_t& value) const {
    const char* digits = bytes_ + at_ + 6 + 8 * which;
    value = 0;
    for (int i = 0; i < 8; ++i) {
        const int digit = digit_value(digits[i]);
        if (digit < 0) return false;
        value = value * 16 + static_cast<size_t>(digit);
    }
    return true;
}

bool ArchiveReader::next(ArchiveEntry& entry) {
    size_t mode, links, time, data_size, name_size;
    if (whole_ || !begins_well(bytes_ + at_, size_ - at_) || !field(field_mode, mode) || !field(field_links, links) ||
        !field(field_time, time) || !field(field_size, data_size) || !field(field_name_size, name_size))
        return false;
    const size_t name = at_ + header_size, data = padded(name + name_size);
    if (name_size == 0 || data > size_ || data_size > size_ - data || bytes_[name + name_size - 1] != 0) return false;
    entry = {static_cast<mode_t>(mode), links, static_cast<time_t>(time), bytes_ + name, bytes_ + data, data_size};
    const size_t after = padded(data + data_size);
    at_ = after < size_ ? after : size_;
    whole_ = strcmp(entry.name, end_name) == 0;
    return !whole_;
}

} // namespace minios::libc
