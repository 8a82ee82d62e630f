// SPDX-License-Identifier: MIT
// Bytes from the line: frames, messages put together from them, their JSON, and what is written again from that.
#include "toolstack/protocol/message.h"

#include <cstdlib>

using namespace skerry;

namespace {

/// A frame with the fuzzer's payload, which would not find checksums itself.
void feed_as_frames(std::string_view bytes, protocol::FrameReader& reader) {
    std::string out;
    for (protocol::StreamId stream = 1; !bytes.empty(); ++stream) {
        const std::size_t size = std::min<std::size_t>(bytes.size(), 1 + static_cast<unsigned char>(bytes[0]) % 64);
        protocol::append_frame(
            out, {protocol::Kind::request, (bytes[0] & 0x80) != 0, stream % 4, std::string(bytes.substr(0, size))});
        bytes.remove_prefix(size);
    }
    reader.feed(out);
}

void drain(protocol::FrameReader& reader) {
    protocol::Assembler assembler;
    while (const auto frame = reader.next()) {
        if (frame->payload.size() > protocol::most_payload) std::abort();
        try {
            if (const auto text = assembler.take(*frame)) (void)protocol::read_request(*text);
        } catch (const protocol::CallError&) { /* as it should be */
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    protocol::FrameReader raw, framed;
    raw.feed(bytes);
    drain(raw);
    feed_as_frames(bytes, framed);
    drain(framed);
    try {
        const json::Value value = json::parse(bytes);
        if (!(json::parse(json::write(value)) == value)) std::abort();
    } catch (const json::Error&) { /* as it should be */
    }
    return 0;
}
