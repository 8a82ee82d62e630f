// SPDX-License-Identifier: MIT
// The legacy LZ4 frame, which is what kernels are compressed with (doc/lz4_Frame_format.md of lz4, "Legacy frame"): a
// magic number, then blocks of a 32-bit compressed size and that many bytes, each unpacking to at most 8 MiB.
#include "decompress.h"

#include <lz4.h>

namespace skerry::start_in_place {
namespace {

constexpr std::uint32_t legacy_magic = 0x184c'2102;
constexpr std::uint64_t block_limit = std::uint64_t{8} << 20;

} // namespace

Result<std::uint64_t> decompress_lz4(Bytes input, Output output) {
    std::uint32_t size;
    if (!input.read(0, size) || size != legacy_magic) return Failure{"lz4: not a legacy frame; bytes", input.size()};
    std::uint64_t at = sizeof(size), written = 0, last_block = block_limit;
    // A block shorter than 8 MiB is the last: the kernel's build appends the unpacked size, which must not be taken for
    // another.
    while (last_block == block_limit && input.read(at, size)) {
        if (size == legacy_magic) { // concatenated frames
            at += sizeof(size);
            continue;
        }
        if (size == 0 || (at + sizeof(size) == input.size())) break;
        if (size > INT32_MAX || !input.contains(at + sizeof(size), size))
            return Failure{"lz4: block reaches beyond the end of the input; at offset", at};
        const std::uint64_t room = output.size() - written;
        const int capacity = static_cast<int>(room < block_limit ? room : block_limit);
        const int count =
            LZ4_decompress_safe(reinterpret_cast<const char*>(input.data()) + at + sizeof(size),
                                reinterpret_cast<char*>(output.data()) + written, static_cast<int>(size), capacity);
        if (count < 0)
            return Failure{room < block_limit ? output_full : "lz4: corrupt block at offset",
                           room < block_limit ? written : at};
        at += sizeof(size) + size;
        last_block = static_cast<std::uint64_t>(count);
        written += last_block;
    }
    return written;
}

} // namespace skerry::start_in_place
