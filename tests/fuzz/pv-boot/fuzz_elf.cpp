// SPDX-License-Identifier: MIT
// ELF headers, notes and the layout that follows from them, for domains of several sizes.
#include "stubdoms/pv-boot/start_in_place/layout.h"

#include <cstdlib>

using namespace skerry::start_in_place;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes file(std::as_bytes(std::span(data, size)));
    const Result<ElfImage> image = ElfImage::parse(file);
    if (!image) return 0;
    for (unsigned i = 0; i < image->segment_count; ++i)
        if (!file.contains(image->segments[i].file_offset, image->segments[i].file_bytes)) std::abort();
    const Result<Kernel> kernel = read_notes(file, *image);
    if (!kernel) return 0;
    for (std::uint64_t pages : {64ull, 16384ull, 1ull << 20, 1ull << 28}) {
        const Result<Layout> layout = Layout::plan(*kernel, {pages, pages * 100, true, true});
        if (layout && (layout->end > pages || layout->mapped_pages > layout->end ||
                       layout->hand_over.end() > layout->mapped_pages || layout->tables.first < layout->kernel.end()))
            std::abort();
    }
    return 0;
}
