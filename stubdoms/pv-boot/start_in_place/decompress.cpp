// SPDX-License-Identifier: MIT
#include "decompress.h"

namespace skerry::start_in_place {
namespace {

struct Magic {
    Format format;
    std::uint8_t bytes[6];
    std::uint8_t count;
};

// The table of Linux's lib/decompress.c, and the frame formats' own documents.
constexpr Magic magics[] = {
    {Format::gzip, {0x1f, 0x8b}, 2},
    {Format::xz, {0xfd, '7', 'z', 'X', 'Z', 0}, 6},
    {Format::bzip2, {'B', 'Z', 'h'}, 3},
    {Format::lz4, {0x02, 0x21, 0x4c, 0x18}, 4},
    {Format::zstd, {0x28, 0xb5, 0x2f, 0xfd}, 4},
    {Format::lzo, {0x89, 'L', 'Z', 'O', 0, '\r'}, 6},
    {Format::lzma, {0x5d, 0x00, 0x00}, 3},
};

} // namespace

const char* const output_full = "unpacks to more than its header says; bytes";

Format recognise(Bytes input) {
    for (const Magic& magic : magics)
        if (input.starts_with(magic.bytes, magic.count)) return magic.format;
    return Format::none;
}

const char* name(Format format) {
    switch (format) {
    case Format::gzip: return "gzip";
    case Format::xz: return "xz";
    case Format::lzma: return "lzma";
    case Format::bzip2: return "bzip2";
    case Format::lz4: return "lz4";
    case Format::zstd: return "zstd";
    case Format::lzo: return "lzo";
    case Format::none: break;
    }
    return "uncompressed";
}

Result<std::uint64_t> decompress(Format format, Bytes input, Output output, Workspace& workspace) {
    switch (format) {
    case Format::gzip: return decompress_gzip(input, output, workspace);
    case Format::xz: return decompress_xz(input, output, workspace);
    case Format::lzma: return decompress_lzma(input, output, workspace);
    case Format::bzip2: return decompress_bzip2(input, output, workspace);
    case Format::lz4: return decompress_lz4(input, output);
    case Format::zstd: return decompress_zstd(input, output, workspace);
    case Format::lzo:
        return Failure{"kernel is compressed with LZO, which this loader does not unpack; bytes", input.size()};
    case Format::none: break;
    }
    return Failure{"unknown compression; bytes", input.size()};
}

} // namespace skerry::start_in_place
