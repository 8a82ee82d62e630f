// SPDX-License-Identifier: MIT
#include "packet.h"

namespace minios::debug {

namespace {
constexpr char control_c = 3;
}

void PacketReader::begin() {
    length_ = 0;
    sum_ = 0;
    damaged_ = false;
    state_ = State::text;
}

PacketReader::Event PacketReader::take_between(char byte) {
    if (byte == '$') begin();
    if (byte == '-') return Event::resend;
    return byte == control_c ? Event::interrupt : Event::none;
}

void PacketReader::take_text(char byte) {
    if (byte == '$') return begin(); // the end of the one before was lost
    if (byte == '#') {
        state_ = State::first_digit;
        return;
    }
    sum_ = static_cast<std::uint8_t>(sum_ + static_cast<std::uint8_t>(byte));
    if (length_ < largest_packet)
        text_[length_++] = byte;
    else
        damaged_ = true;
}

PacketReader::Event PacketReader::take(char byte) {
    switch (state_) {
    case State::between: return take_between(byte);
    case State::text: take_text(byte); return Event::none;
    case State::first_digit:
    case State::second_digit: break;
    }
    const int value = digit_value(byte);
    damaged_ = damaged_ || value < 0;
    wanted_ = static_cast<std::uint8_t>(wanted_ << 4 | (value & 15));
    if (state_ == State::first_digit) {
        state_ = State::second_digit;
        return Event::none;
    }
    state_ = State::between;
    return !damaged_ && wanted_ == sum_ ? Event::packet : Event::damaged;
}

} // namespace minios::debug
