// SPDX-License-Identifier: MIT
#include "xz_container.h"

#include <7zCrc.h>

namespace skerry::start_in_place {
namespace {

constexpr std::uint8_t stream_magic[6] = {0xfd, '7', 'z', 'X', 'Z', 0};
constexpr std::uint64_t filter_x86 = 4, filter_lzma2 = 0x21;
constexpr std::uint8_t filter_count_mask = 3, reserved_mask = 0x3c, packed_size_present = 0x40,
                       unpacked_size_present = 0x80;

std::uint32_t crc32(Bytes bytes) { return CrcCalc(bytes.data(), bytes.size()); }

/// Reads on from `at`. Sticky: after the first thing that does not fit, everything is zero and `good` is false.
struct Reader {
    Bytes bytes;
    std::uint64_t at;
    bool good = true;

    std::uint8_t byte() {
        std::uint8_t value = 0;
        good = good && bytes.read(at++, value);
        return good ? value : 0;
    }
    /// A multibyte integer: seven bits a byte, at most nine bytes (63 bits), no needless zero at the end.
    std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; good; shift += 7) {
            const std::uint8_t next = byte();
            good = good && shift < 63 && (next != 0 || shift == 0);
            value |= std::uint64_t{next & 0x7fu} << (shift < 63 ? shift : 0);
            if ((next & 0x80) == 0) return good ? value : 0;
        }
        return 0;
    }
};

/// One filter of the chain; the last must be LZMA2, before it only the x86 branch filter is known.
bool read_filter(Reader& reader, XzBlock& block, bool last) {
    const std::uint64_t id = reader.number(), property_bytes = reader.number();
    if (last) {
        block.dictionary = reader.byte();
        return id == filter_lzma2 && property_bytes == 1;
    }
    if (block.x86_filter || id != filter_x86 || (property_bytes != 0 && property_bytes != sizeof(block.x86_position)))
        return false;
    block.x86_filter = true;
    for (unsigned i = 0; i < property_bytes; ++i) block.x86_position |= std::uint32_t{reader.byte()} << (8 * i);
    return true;
}

} // namespace

Result<XzCheck> read_xz_stream_header(Bytes file) {
    std::uint8_t flags[2];
    std::uint32_t crc;
    if (!file.starts_with(stream_magic, sizeof(stream_magic)) || !file.read(sizeof(stream_magic), flags) ||
        !file.read(sizeof(stream_magic) + sizeof(flags), crc))
        return Failure{"xz: no stream header; bytes", file.size()};
    if (crc != crc32(file.slice(sizeof(stream_magic), sizeof(flags))))
        return Failure{"xz: stream header is corrupt; bytes", file.size()};
    const auto check = static_cast<XzCheck>(flags[1]);
    if (flags[0] != 0 || (check != XzCheck::none && check_bytes(check) == 0))
        return Failure{"xz: uses a check that is not known here:", flags[1]};
    return check;
}

bool at_xz_index(Bytes file, std::uint64_t offset) {
    std::uint8_t first;
    return file.read(offset, first) && first == 0;
}

Result<XzBlock> read_xz_block_header(Bytes file, std::uint64_t offset) {
    std::uint8_t size;
    std::uint32_t crc;
    if (!file.read(offset, size)) return Failure{"xz: cut off; at input offset", offset};
    const std::uint64_t header_bytes = (std::uint64_t{size} + 1) * 4, crc_at = header_bytes - sizeof(crc);
    const Bytes header = file.slice(offset, header_bytes);
    if (!header.read(crc_at, crc)) return Failure{"xz: cut off; at input offset", offset};
    if (crc != crc32(header.slice(0, crc_at))) return Failure{"xz: block header is corrupt; at input offset", offset};
    XzBlock block;
    block.header_bytes = header_bytes;
    Reader reader{header.slice(0, crc_at), 1};
    const std::uint8_t flags = reader.byte();
    if ((flags & packed_size_present) != 0) (void)reader.number();
    if ((flags & unpacked_size_present) != 0) (void)reader.number();
    const unsigned filters = (flags & filter_count_mask) + 1u;
    for (unsigned i = 0; i < filters; ++i)
        if (!read_filter(reader, block, i + 1 == filters))
            return Failure{"xz: uses a filter that kernels do not; block at input offset", offset};
    if (!reader.good || (flags & reserved_mask) != 0)
        return Failure{"xz: block header is malformed; at input offset", offset};
    return block;
}

} // namespace skerry::start_in_place
