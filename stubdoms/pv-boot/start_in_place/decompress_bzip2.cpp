// SPDX-License-Identifier: MIT
#include "decompress.h"

#include <bzlib.h>

/// bzip2's failed assertion: a bug of the library, which no input should reach.
extern "C" [[noreturn]] void bz_internal_error(int) { __builtin_trap(); }

namespace skerry::start_in_place {
namespace {

constexpr std::uint64_t chunk = std::uint64_t{1} << 30; // bzip2 counts in 32 bits

void* allocate(void* workspace, int items, int size) {
    return static_cast<Workspace*>(workspace)->allocate(static_cast<std::uint64_t>(items) *
                                                        static_cast<std::uint64_t>(size));
}
void release(void* workspace, void* block) { static_cast<Workspace*>(workspace)->release(block); }

void refill(char*& next, unsigned& available, char* base, std::uint64_t& given, std::uint64_t size) {
    if (available != 0) return;
    const std::uint64_t left = size - given;
    next = base + given;
    available = static_cast<unsigned>(left < chunk ? left : chunk);
    given += available;
}

Result<std::uint64_t> run(bz_stream& stream, Bytes input, Output output) {
    auto* in = reinterpret_cast<char*>(const_cast<std::byte*>(input.data()));
    auto* out = reinterpret_cast<char*>(output.data());
    std::uint64_t read = 0, written = 0;
    for (;;) {
        refill(stream.next_in, stream.avail_in, in, read, input.size());
        refill(stream.next_out, stream.avail_out, out, written, output.size());
        const unsigned in_before = stream.avail_in, out_before = stream.avail_out;
        const int status = BZ2_bzDecompress(&stream);
        const std::uint64_t consumed = read - stream.avail_in, produced = written - stream.avail_out;
        if (status == BZ_STREAM_END) return produced;
        if (status == BZ_MEM_ERROR) return Failure{"bzip2: not enough memory to unpack; at input offset", consumed};
        if (status != BZ_OK) return Failure{"bzip2: corrupt; at input offset", consumed};
        if (stream.avail_in != in_before || stream.avail_out != out_before) continue;
        if (stream.avail_out == 0) return Failure{output_full, produced};
        return Failure{"bzip2: cut off; at input offset", consumed};
    }
}

} // namespace

Result<std::uint64_t> decompress_bzip2(Bytes input, Output output, Workspace& workspace) {
    bz_stream stream{};
    stream.bzalloc = allocate;
    stream.bzfree = release;
    stream.opaque = &workspace;
    if (BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK)
        return Failure{"bzip2: not enough memory to unpack; input bytes", input.size()};
    Result<std::uint64_t> result = run(stream, input, output);
    BZ2_bzDecompressEnd(&stream);
    return result;
}

} // namespace skerry::start_in_place
