// SPDX-License-Identifier: MIT
// The text of an answer, while it is written. What does not fit is left out, and overflowed() then says so.
#pragma once

#include "packet.h"

namespace minios::debug {

class Reply {
  public:
    void clear() {
        length_ = 0;
        overflowed_ = false;
    }
    void put(char c) {
        if (length_ < largest_packet)
            text_[length_++] = c;
        else
            overflowed_ = true;
    }
    void put(std::string_view text) {
        for (const char c : text) put(c);
    }
    void hex_byte(std::uint8_t byte) {
        put(digit_of(byte >> 4));
        put(digit_of(byte));
    }
    void hex(const void* bytes, std::size_t size) {
        for (std::size_t i = 0; i < size; ++i) hex_byte(static_cast<const std::uint8_t*>(bytes)[i]);
    }
    /// Without leading zeros.
    void number(std::uint64_t value) {
        int shift = 60;
        while (shift > 0 && value >> shift == 0) shift -= 4;
        for (; shift >= 0; shift -= 4) put(digit_of(static_cast<unsigned>(value >> shift)));
    }
    /// The answer is this alone.
    void only(std::string_view text) {
        clear();
        put(text);
    }
    /// Characters that still fit.
    std::size_t room() const { return largest_packet - length_; }
    bool overflowed() const { return overflowed_; }
    std::string_view text() const { return {text_, length_}; }

  private:
    char text_[largest_packet] = {};
    std::size_t length_ = 0;
    bool overflowed_ = false;
};

} // namespace minios::debug
