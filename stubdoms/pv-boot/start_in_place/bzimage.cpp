// SPDX-License-Identifier: MIT
#include "bzimage.h"

namespace skerry::start_in_place {
namespace {

// Offsets into the setup header, from the start of the file.
constexpr std::uint64_t setup_sectors_at = 0x1f1, magic_at = 0x202, version_at = 0x206;
constexpr std::uint64_t payload_offset_at = 0x248, payload_length_at = 0x24c;
constexpr std::uint32_t header_magic = 0x5372'6448; // "HdrS"
constexpr std::uint16_t first_version_with_payload = 0x0208;
constexpr std::uint64_t sector_bytes = 512, default_setup_sectors = 4;

} // namespace

bool is_bzimage(Bytes file) {
    std::uint32_t magic;
    return file.read(magic_at, magic) && magic == header_magic;
}

Result<Payload> find_payload(Bytes file) {
    std::uint8_t setup_sectors;
    std::uint16_t version;
    std::uint32_t offset, length;
    if (!is_bzimage(file) || !file.read(setup_sectors_at, setup_sectors) || !file.read(version_at, version) ||
        !file.read(payload_offset_at, offset) || !file.read(payload_length_at, length))
        return Failure{"bzImage: header cut off; bytes", file.size()};
    if (version < first_version_with_payload) return Failure{"bzImage: boot protocol older than 2.08:", version};
    // The payload is counted from the protected-mode code, which follows the boot sector and the setup sectors.
    const std::uint64_t start =
        (1 + (setup_sectors == 0 ? default_setup_sectors : setup_sectors)) * sector_bytes + std::uint64_t{offset};
    if (!file.contains(start, length))
        return Failure{"bzImage: payload reaches beyond the end of the file; it starts at", start};
    std::uint32_t unpacked_bytes;
    if (length <= sizeof(unpacked_bytes) || !file.read(start + length - sizeof(unpacked_bytes), unpacked_bytes))
        return Failure{"bzImage: no payload; length", length};
    // For gzip those four bytes are also the last of the stream itself: they stay, and are harmless after any other.
    return Payload{file.slice(start, length), unpacked_bytes};
}

} // namespace skerry::start_in_place
