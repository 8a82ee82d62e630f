// SPDX-License-Identifier: MIT
// Frames on a byte stream that may lose bytes or start in the middle (a serial line whose ends restart), for many calls
// at once. See README.md for who sends what when.
//
//   offset 0  magic       f5 'S' 'k' 'f'     (f5 is in no UTF-8 text)
//          4  kind        Kind
//          5  flags       1: the message goes on in the next frame of this kind and stream; other bits 0
//          6  length      of the payload, 0 ... 16384
//          8  stream      which call; 0 for hello, welcome, ping and pong
//         12  checksum    CRC-32 of the twelve bytes before it and of the payload
//         16  payload
//
// Numbers are little endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skerry::protocol {

enum class Kind : std::uint8_t {
    hello = 1,   ///< 8 bytes of a number that the sender has just made up: I have started, forget every stream
    welcome = 2, ///< answers hello, with its number
    request = 3, ///< JSON; opens the stream
    answer = 4,  ///< JSON; the stream's last frame
    event = 5,   ///< JSON
    data = 6,    ///< bytes, as the other end's credit allows
    end = 7,     ///< no more data from this end
    cancel = 8,  ///< the sender has forgotten the stream
    credit = 9,  ///< 4 bytes: so many more bytes of data may come
    ping = 10,   ///< answered by pong with the same payload
    pong = 11,
};
inline constexpr std::uint8_t last_kind = 11;

using StreamId = std::uint32_t;
inline constexpr StreamId no_stream = 0;
inline constexpr std::size_t header_size = 16, most_payload = 16384;

struct Frame {
    Kind kind = Kind::ping;
    bool more = false;
    StreamId stream = no_stream;
    std::string payload; ///< at most most_payload bytes
};

/// Appends the frame's bytes to `out`. Throws std::length_error for a payload that is too long.
void append_frame(std::string& out, const Frame& frame);

void append_u32(std::string& out, std::uint32_t value);
/// The 32-bit number that is exactly `bytes`; nullopt for another length.
std::optional<std::uint32_t> read_u32(std::string_view bytes);

/// Finds frames in a stream. What is no frame is skipped and counted, byte by byte, so that a good frame behind garbage
/// is found wherever it begins. Holds at most one frame and what was fed last.
class FrameReader {
  public:
    void feed(std::string_view bytes) { buffer_.append(bytes); }
    /// The next whole frame, or nullopt: feed more.
    std::optional<Frame> next();
    std::uint64_t skipped() const { return skipped_; }

  private:
    void skip(std::size_t count) {
        position_ += count;
        skipped_ += count;
    }
    std::optional<Frame> take_front(bool& incomplete);

    std::string buffer_;
    std::size_t position_ = 0;
    std::uint64_t skipped_ = 0;
};

} // namespace skerry::protocol
