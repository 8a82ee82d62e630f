// SPDX-License-Identifier: MIT
// Takes a packet's text apart, from left to right. Each function takes what it finds, or returns false.
#pragma once

#include "packet.h"

namespace minios::debug {

class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    bool empty() const { return rest_.empty(); }
    std::string_view rest() const { return rest_; }
    bool take(char c) {
        if (rest_.empty() || rest_[0] != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    bool take(std::string_view text) {
        if (!rest_.starts_with(text)) return false;
        rest_.remove_prefix(text.size());
        return true;
    }
    /// One to sixteen digits. (More would not fit in the value.)
    bool number(std::uint64_t& value) {
        value = 0;
        unsigned digits = 0;
        for (; !rest_.empty() && digit_value(rest_[0]) >= 0; ++digits, rest_.remove_prefix(1))
            value = value << 4 | static_cast<unsigned>(digit_value(rest_[0]));
        return digits >= 1 && digits <= 16;
    }
    bool byte(std::uint8_t& value) {
        if (rest_.size() < 2 || digit_value(rest_[0]) < 0 || digit_value(rest_[1]) < 0) return false;
        value = static_cast<std::uint8_t>(digit_value(rest_[0]) << 4 | digit_value(rest_[1]));
        rest_.remove_prefix(2);
        return true;
    }
    bool bytes(void* to, std::size_t size) {
        for (std::size_t i = 0; i < size; ++i)
            if (!byte(static_cast<std::uint8_t*>(to)[i])) return false;
        return true;
    }

  private:
    std::string_view rest_;
};

} // namespace minios::debug
