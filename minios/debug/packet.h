// SPDX-License-Identifier: MIT
// Frames of GDB's remote serial protocol: $TEXT#SS, where SS is the sum of TEXT's bytes in hexadecimal; and the byte 3,
// Ctrl-C, between them. (GDB manual, appendix "GDB Remote Serial Protocol".) The line's other end is not trusted. Pure;
// tested and fuzzed on the host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace minios::debug {

/// The longest TEXT in either direction, in bytes.
inline constexpr std::size_t largest_packet = 4096;

/// Puts packets together from bytes.
class PacketReader {
  public:
    enum class Event {
        none,
        packet,    ///< packet() is whole
        damaged,   ///< its sum is wrong or it is too long: ask for it again
        resend,    ///< the other end asks for our last packet again
        interrupt, ///< Ctrl-C
    };
    Event take(char byte);
    /// The last whole packet, until the next begins.
    std::string_view packet() const { return {text_, length_}; }
    /// For the fuzzer: in the middle of a packet's text; the sum of it so far; whether it is damaged already.
    bool inside() const { return state_ == State::text; }
    std::uint8_t sum() const { return sum_; }
    bool damaged() const { return damaged_; }

  private:
    enum class State : std::uint8_t { between, text, first_digit, second_digit };

    Event take_between(char byte);
    void take_text(char byte);
    void begin();

    char text_[largest_packet] = {};
    std::size_t length_ = 0;
    std::uint8_t sum_ = 0;
    std::uint8_t wanted_ = 0;
    bool damaged_ = false;
    State state_ = State::between;
};

/// The value of a hexadecimal digit; negative for other characters.
constexpr int digit_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}
constexpr char digit_of(unsigned value) { return "0123456789abcdef"[value & 15]; }

} // namespace minios::debug
