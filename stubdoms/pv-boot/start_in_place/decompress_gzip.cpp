// SPDX-License-Identifier: MIT
#include "decompress.h"

#include <zlib.h>

namespace skerry::start_in_place {
namespace {

constexpr int gzip_header = 16;                         // added to the window bits: a gzip stream, CRC checked
constexpr std::uint64_t chunk = std::uint64_t{1} << 30; // zlib counts in 32 bits

void* allocate(void* workspace, unsigned items, unsigned size) {
    return static_cast<Workspace*>(workspace)->allocate(std::uint64_t{items} * size);
}
void release(void* workspace, void* block) { static_cast<Workspace*>(workspace)->release(block); }

// Hands zlib the next piece of what is left.
template <class Pointer>
void refill(Pointer& next, unsigned& available, Pointer base, std::uint64_t& given, std::uint64_t size) {
    if (available != 0) return;
    const std::uint64_t left = size - given;
    next = base + given;
    available = static_cast<unsigned>(left < chunk ? left : chunk);
    given += available;
}

Result<std::uint64_t> run(z_stream& stream, Bytes input, Output output) {
    auto* in = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(input.data()));
    auto* out = reinterpret_cast<unsigned char*>(output.data());
    std::uint64_t read = 0, written = 0;
    for (;;) {
        refill(stream.next_in, stream.avail_in, in, read, input.size());
        refill(stream.next_out, stream.avail_out, out, written, output.size());
        const int status = inflate(&stream, Z_NO_FLUSH);
        const std::uint64_t consumed = read - stream.avail_in, produced = written - stream.avail_out;
        if (status == Z_STREAM_END) return produced;
        if (status == Z_MEM_ERROR) return Failure{"gzip: not enough memory to unpack; at input offset", consumed};
        if (status != Z_OK && status != Z_BUF_ERROR) return Failure{"gzip: corrupt; at input offset", consumed};
        if (stream.avail_in == 0 && read == input.size() && (stream.avail_out != 0 || written != output.size()))
            return Failure{"gzip: cut off; at input offset", consumed};
        if (stream.avail_out == 0 && written == output.size() && status == Z_BUF_ERROR)
            return Failure{output_full, produced};
    }
}

} // namespace

Result<std::uint64_t> decompress_gzip(Bytes input, Output output, Workspace& workspace) {
    z_stream stream{};
    stream.zalloc = allocate;
    stream.zfree = release;
    stream.opaque = &workspace;
    if (inflateInit2(&stream, MAX_WBITS + gzip_header) != Z_OK)
        return Failure{"gzip: not enough memory to unpack; input bytes", input.size()};
    Result<std::uint64_t> result = run(stream, input, output);
    inflateEnd(&stream);
    return result;
}

} // namespace skerry::start_in_place
