// SPDX-License-Identifier: MIT
#include "unpack.h"

#include "bzimage.h"
#include "elf_image.h"

namespace skerry::start_in_place {
namespace {

Result<UnpackedKernel> unpack_to(Format format, Bytes input, std::uint64_t bytes, DomainMemory& memory) {
    const std::uint64_t pages = pages_of(bytes);
    if (pages == 0 || pages > memory.total_pages())
        return Failure{"unpacked kernel would be larger than this domain's memory; bytes", bytes};
    std::byte* const buffer = memory.allocate(pages);
    if (buffer == nullptr)
        return Failure{"not enough memory left in this domain for the unpacked kernel; bytes", bytes};
    UnpackedKernel room(memory, buffer, pages, bytes);
    Workspace workspace(memory);
    Result<std::uint64_t> written = decompress(format, input, Output(buffer, bytes), workspace);
    if (!written) return written.failure();
    room.shrink(*written);
    return Result<UnpackedKernel>(static_cast<UnpackedKernel&&>(room));
}

// No header says how large it gets: try, and try again with twice the room.
Result<UnpackedKernel> unpack_of_unknown_size(Format format, Bytes input, DomainMemory& memory) {
    constexpr std::uint64_t usual_ratio = 8;
    for (std::uint64_t bytes = input.size() * usual_ratio;; bytes *= 2) {
        Result<UnpackedKernel> result = unpack_to(format, input, bytes, memory);
        if (result || result.failure().what != output_full) return result;
    }
}

} // namespace

Result<UnpackedKernel> unpack(Bytes kernel, DomainMemory& memory) {
    if (ElfImage::recognises(kernel)) return UnpackedKernel(kernel);
    if (is_bzimage(kernel)) {
        Result<Payload> payload = find_payload(kernel);
        if (!payload) return payload.failure();
        const Format format = recognise(payload->compressed);
        if (format != Format::none) return unpack_to(format, payload->compressed, payload->unpacked_bytes, memory);
        if (ElfImage::recognises(payload->compressed)) return UnpackedKernel(payload->compressed);
        return Failure{"bzImage: its payload is in no format known here; payload bytes", payload->compressed.size()};
    }
    const Format format = recognise(kernel);
    if (format == Format::none)
        return Failure{"kernel is neither bzImage nor ELF, nor compressed in a known way; bytes", kernel.size()};
    std::uint32_t unpacked_bytes; // RFC 1952: the last four bytes of a gzip file
    if (format == Format::gzip && kernel.size() > sizeof(unpacked_bytes) &&
        kernel.read(kernel.size() - sizeof(unpacked_bytes), unpacked_bytes))
        return unpack_to(format, kernel, unpacked_bytes, memory);
    return unpack_of_unknown_size(format, kernel, memory);
}

} // namespace skerry::start_in_place
