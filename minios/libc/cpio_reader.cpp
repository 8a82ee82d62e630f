// SPDX-License-Identifier: MIT
#include "cpio_reader.h"

#include <errno.h>
#include <string.h>

namespace minios::libc {

namespace {

constexpr char magic[] = "070701", magic_with_sums[] = "070702";
constexpr std::size_t header_size = 110;
constexpr char end_name[] = "TRAILER!!!";

std::size_t padded(std::size_t offset) { return (offset + 3) & ~std::size_t{3}; }

int hexadecimal(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = static_cast<char>(c | 32);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

} // namespace

bool CpioReader::recognizes(const void* bytes, std::size_t size) {
    return size >= header_size && (memcmp(bytes, magic, 6) == 0 || memcmp(bytes, magic_with_sums, 6) == 0);
}

bool CpioReader::field(Field which, std::size_t& value) const {
    const char* digits = bytes_ + at_ + 6 + 8 * which;
    value = 0;
    for (int i = 0; i < 8; ++i) {
        const int digit = hexadecimal(digits[i]);
        if (digit < 0) return false;
        value = value * 16 + static_cast<std::size_t>(digit);
    }
    return true;
}

bool CpioReader::next(ArchiveEntry& entry) {
    std::size_t entry_mode, entry_links, entry_time, data_size, length;
    if (!recognizes(bytes_ + at_, size_ - at_) || !field(mode, entry_mode) || !field(links, entry_links) ||
        !field(time, entry_time) || !field(file_size, data_size) || !field(name_size, length))
        return false;
    const std::size_t name = at_ + header_size, data = padded(name + length);
    if (length == 0 || data > size_ || data_size > size_ - data || bytes_[name + length - 1] != 0) return false;
    entry = {static_cast<mode_t>(entry_mode),
             static_cast<time_t>(entry_time),
             bytes_ + name,
             bytes_ + data,
             data_size,
             nullptr,
             0};
    // The content of a file with several names stands with the last of them.
    if (S_ISREG(entry.mode) && entry_links > 1 && data_size == 0) entry.error = -EMLINK;
    const std::size_t after = padded(data + data_size);
    at_ = after < size_ ? after : size_;
    whole_ = strcmp(entry.name, end_name) == 0;
    return !whole_;
}

} // namespace minios::libc
