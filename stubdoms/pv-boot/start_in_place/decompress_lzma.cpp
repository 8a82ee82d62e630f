// SPDX-License-Identifier: MIT
// The .lzma format: five bytes of properties, eight of unpacked size (all ones: unknown), the stream.
#include "decompress.h"
#include "lzma_sdk.h"

#include <LzmaDec.h>

#include <algorithm>

namespace skerry::start_in_place {
namespace {

constexpr std::uint64_t unknown_size = ~std::uint64_t{0};
constexpr std::uint64_t header_bytes = LZMA_PROPS_SIZE + sizeof(std::uint64_t);

} // namespace

Result<std::uint64_t> decompress_lzma(Bytes input, Output output, Workspace& workspace) {
    std::uint64_t size;
    if (!input.read(LZMA_PROPS_SIZE, size)) return Failure{"lzma: cut off; bytes", input.size()};
    const auto* data = reinterpret_cast<const Byte*>(input.data());
    const bool too_large = size != unknown_size && size > output.size();
    SizeT produced = std::min<std::uint64_t>(size, output.size()), consumed = input.size() - header_bytes;
    ELzmaStatus progress;
    SdkAllocator allocator(workspace);
    const SRes status =
        LzmaDecode(reinterpret_cast<Byte*>(output.data()), &produced, data + header_bytes, &consumed, data,
                   LZMA_PROPS_SIZE, too_large ? LZMA_FINISH_ANY : LZMA_FINISH_END, &progress, &allocator.interface);
    if (status == SZ_ERROR_MEM) return Failure{"lzma: not enough memory to unpack; input bytes", input.size()};
    if (produced == output.size() && (too_large || (size == unknown_size && status != SZ_OK)))
        return Failure{output_full, produced};
    if (status == SZ_ERROR_INPUT_EOF || (status == SZ_OK && size != unknown_size && produced != size))
        return Failure{"lzma: cut off; at input offset", header_bytes + consumed};
    if (status != SZ_OK) return Failure{"lzma: corrupt; at input offset", header_bytes + consumed};
    return std::uint64_t{produced};
}

} // namespace skerry::start_in_place
