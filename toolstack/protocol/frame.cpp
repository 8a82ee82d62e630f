// SPDX-License-Identifier: MIT
#include "toolstack/protocol/frame.h"

#include "toolstack/protocol/crc32.h"

#include <stdexcept>

namespace skerry::protocol {
namespace {

constexpr std::string_view magic = "\xf5Skf";
constexpr std::uint8_t more_flag = 1;

std::uint32_t little_endian(std::string_view bytes) {
    std::uint32_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
}

} // namespace

void append_u32(std::string& out, std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift);
}

std::optional<std::uint32_t> read_u32(std::string_view bytes) {
    if (bytes.size() != 4) return std::nullopt;
    return little_endian(bytes);
}

void append_frame(std::string& out, const Frame& frame) {
    if (frame.payload.size() > most_payload) throw std::length_error("a frame's payload is too long");
    const std::size_t start = out.size();
    out += magic;
    out += static_cast<char>(frame.kind);
    out += static_cast<char>(frame.more ? more_flag : 0);
    out += static_cast<char>(frame.payload.size());
    out += static_cast<char>(frame.payload.size() >> 8);
    append_u32(out, frame.stream);
    append_u32(out, crc32(frame.payload, crc32(std::string_view(out).substr(start))));
    out += frame.payload;
}

std::optional<Frame> FrameReader::take_front(bool& incomplete) {
    const std::string_view rest = std::string_view(buffer_).substr(position_);
    if (rest.size() < header_size) {
        incomplete = true;
        return std::nullopt;
    }
    const auto kind = static_cast<std::uint8_t>(rest[4]), flags = static_cast<std::uint8_t>(rest[5]);
    const std::size_t length = little_endian(rest.substr(6, 2));
    if (kind == 0 || kind > last_kind || flags > more_flag || length > most_payload) return std::nullopt;
    if (rest.size() < header_size + length) {
        incomplete = true;
        return std::nullopt;
    }
    const std::string_view payload = rest.substr(header_size, length);
    if (little_endian(rest.substr(12, 4)) != crc32(payload, crc32(rest.substr(0, 12)))) return std::nullopt;
    return Frame{static_cast<Kind>(kind), (flags & more_flag) != 0, little_endian(rest.substr(8, 4)),
                 std::string(payload)};
}

std::optional<Frame> FrameReader::next() {
    while (position_ < buffer_.size()) {
        const std::string_view rest = std::string_view(buffer_).substr(position_);
        std::size_t begin = rest.find(magic[0]);
        if (begin == std::string_view::npos) begin = rest.size();
        if (begin > 0) {
            skip(begin);
            continue;
        }
        const std::size_t seen = rest.size() < magic.size() ? rest.size() : magic.size();
        bool incomplete = false;
        if (rest.substr(0, seen) == magic.substr(0, seen)) {
            if (auto frame = take_front(incomplete)) {
                position_ += header_size + frame->payload.size();
                return frame;
            }
            if (incomplete) break;
        }
        skip(1);
    }
    buffer_.erase(0, position_);
    position_ = 0;
    return std::nullopt;
}

} // namespace skerry::protocol
