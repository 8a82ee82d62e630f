// SPDX-License-Identifier: MIT
#include "builder-domain/base/text.h"

namespace skerry::builder {

TextWriter& TextWriter::operator<<(std::string_view text) {
    for (char character : text) {
        if (length_ == capacity_) {
            truncated_ = true;
            break;
        }
        buffer_[length_++] = character;
    }
    return *this;
}

TextWriter& TextWriter::write_number(uint64_t number, unsigned base, std::string_view prefix) {
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    *this << prefix;
    while (count != 0) *this << digits[--count];
    return *this;
}

} // namespace skerry::builder
