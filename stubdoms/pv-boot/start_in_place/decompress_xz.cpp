// SPDX-License-Identifier: MIT
// .xz and the older .lzma, both by liblzma.
#include "decompress.h"

#include <lzma.h>

namespace skerry::start_in_place {
namespace {

void* allocate(void* workspace, std::size_t items, std::size_t size) {
    if (size != 0 && items > SIZE_MAX / size)
        return nullptr;
    return static_cast<Workspace*>(workspace)->allocate(items * size);
}
void release(void* workspace, void* block) { static_cast<Workspace*>(workspace)->release(block); }

Result<std::uint64_t> run(lzma_stream& stream, Bytes input, Output output) {
    stream.next_in = reinterpret_cast<const std::uint8_t*>(input.data());
    stream.avail_in = input.size();
    stream.next_out = reinterpret_cast<std::uint8_t*>(output.data());
    stream.avail_out = output.size();
    lzma_ret status;
    do
        status = lzma_code(&stream, LZMA_FINISH);
    while (status == LZMA_OK && stream.avail_out != 0);
    switch (status) {
    case LZMA_STREAM_END:
        return stream.total_out;
    case LZMA_OK:
    case LZMA_BUF_ERROR:
        if (stream.avail_out == 0)
            return Failure{output_full, stream.total_out};
        return Failure{"xz: cut off; at input offset", stream.total_in};
    case LZMA_MEM_ERROR:
        return Failure{"xz: not enough memory for its dictionary; at input offset", stream.total_in};
    case LZMA_OPTIONS_ERROR:
        return Failure{"xz: uses a filter or check that kernels do not; at input offset", stream.total_in};
    default:
        return Failure{"xz: corrupt; at input offset", stream.total_in};
    }
}

template <class Initialise>
Result<std::uint64_t> decode(Bytes input, Output output, Workspace& workspace, Initialise initialise) {
    lzma_stream stream = LZMA_STREAM_INIT;
    const lzma_allocator allocator{allocate, release, &workspace};
    stream.allocator = &allocator;
    if (initialise(&stream) != LZMA_OK)
        return Failure{"xz: not enough memory to unpack; input bytes", input.size()};
    Result<std::uint64_t> result = run(stream, input, output);
    lzma_end(&stream);
    return result;
}

constexpr std::uint64_t no_limit = UINT64_MAX; // the domain's own memory is the limit

} // namespace

Result<std::uint64_t> decompress_xz(Bytes input, Output output, Workspace& workspace) {
    return decode(input, output, workspace, [](lzma_stream* stream) { return lzma_stream_decoder(stream, no_limit, 0); });
}

Result<std::uint64_t> decompress_lzma(Bytes input, Output output, Workspace& workspace) {
    return decode(input, output, workspace, [](lzma_stream* stream) { return lzma_alone_decoder(stream, no_limit); });
}

} // namespace skerry::start_in_place
