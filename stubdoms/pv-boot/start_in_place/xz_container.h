// SPDX-License-Identifier: MIT
// The .xz container around LZMA2 data, as far as a decoder of kernels follows it: stream header and block headers. The
// index behind the blocks is not read: every block carries its own check. Reference: "The .xz File Format",
// version 1.1.0, sections 2.1 and 3.1.
#pragma once

#include "bytes.h"
#include "result.h"

namespace skerry::start_in_place {

enum class XzCheck : std::uint8_t { none = 0, crc32 = 1, crc64 = 4, sha256 = 10 };

constexpr std::uint64_t check_bytes(XzCheck check) {
    switch (check) {
    case XzCheck::none: return 0;
    case XzCheck::crc32: return 4;
    case XzCheck::crc64: return 8;
    case XzCheck::sha256: return 32;
    }
    return 0;
}

struct XzBlock {
    std::uint8_t dictionary = 0;    // LZMA2's property byte
    bool x86_filter = false;        // branch filter on top
    std::uint32_t x86_position = 0; // at which it starts to count
    std::uint64_t header_bytes = 0;
};

inline constexpr std::uint64_t xz_stream_header_bytes = 12;

/// Checks the stream header at the start of `file`.
Result<XzCheck> read_xz_stream_header(Bytes file);
/// Whether the index, which ends the blocks, begins at `offset`.
bool at_xz_index(Bytes file, std::uint64_t offset);
/// Reads and checks the block header at `offset`.
Result<XzBlock> read_xz_block_header(Bytes file, std::uint64_t offset);

} // namespace skerry::start_in_place
