// SPDX-License-Identifier: MIT
// Text in a fixed buffer, for messages and command lines. What does not fit is cut and `truncated` says so.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace skerry::builder {

// A number to be written in hexadecimal, with 0x.
struct Hex {
    uint64_t value;
};

class TextWriter {
  public:
    TextWriter(char* buffer, size_t capacity) : buffer_(buffer), capacity_(capacity) {}

    TextWriter& operator<<(std::string_view text);
    TextWriter& operator<<(const char* text) { return *this << std::string_view(text); }
    TextWriter& operator<<(char character) { return *this << std::string_view(&character, 1); }
    TextWriter& operator<<(Hex number) { return write_number(number.value, 16, "0x"); }
    TextWriter& operator<<(std::integral auto number) {
        if constexpr (std::signed_integral<decltype(number)>)
            if (number < 0) return write_number(0 - static_cast<uint64_t>(number), 10, "-");
        return write_number(static_cast<uint64_t>(number), 10, "");
    }

    std::string_view view() const { return {buffer_, length_}; }
    bool truncated() const { return truncated_; }
    bool empty() const { return length_ == 0; }

  private:
    TextWriter& write_number(uint64_t number, unsigned base, std::string_view prefix);

    char* buffer_;
    size_t capacity_;
    size_t length_ = 0;
    bool truncated_ = false;
};

template <size_t capacity> class Text : public TextWriter {
  public:
    Text() : TextWriter(storage_, capacity) {}
    explicit Text(std::string_view text) : Text() { *this << text; }
    Text(const Text& other) : Text() { *this << other.view(); }
    Text& operator=(const Text&) = delete;

  private:
    char storage_[capacity];
};

} // namespace skerry::builder
