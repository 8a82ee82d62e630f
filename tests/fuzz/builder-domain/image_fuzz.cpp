// SPDX-License-Identifier: MIT
// Any bytes as a PV ELF image; what is accepted must be loadable: inside the file, inside the layout, inside the
// memory.
#include "builder-domain/layout/layout.h"

#include <cstdlib>

namespace {

using namespace skerry::builder;

void require(bool condition) {
    if (!condition) std::abort();
}

void check_layout(const PvImage& image, uint64_t total_pages, uint64_t module_bytes) {
    auto plan = plan_layout(image, total_pages, module_bytes);
    if (!plan.ok()) return;
    const Layout& layout = plan.value();
    for (const Segment& segment : image.segments) {
        uint64_t first = (segment.address - layout.virt_base) / page_size;
        uint64_t last = (segment.address + segment.size - 1 - layout.virt_base) / page_size;
        require(layout.image.contains(first) && layout.image.contains(last));
    }
    require(layout.stack < total_pages && layout.image.end() <= layout.start_info);
    require(layout.module.end() <= total_pages && layout.p2m.end() <= total_pages);
    require(layout.tables.first_page() + layout.tables.pages() <= total_pages);
    require(layout.p2m_tables.first_page() + layout.p2m_tables.pages() <= total_pages);
    require(layout.virt_end > layout.virt_base);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    auto read = read_pv_image({reinterpret_cast<const std::byte*>(data), size});
    if (!read.ok()) return 0;
    const PvImage& image = read.value();
    auto* begin = reinterpret_cast<const std::byte*>(data);
    for (const Segment& segment : image.segments) {
        require(segment.bytes.empty() ||
                (segment.bytes.data() >= begin && segment.bytes.data() + segment.bytes.size() <= begin + size));
        require(segment.bytes.size() <= segment.size && segment.address >= image.virt_base);
    }
    require(image.entry >= image.first_address && image.entry < image.end_address);
    check_layout(image, 1024, 0);
    check_layout(image, 131072, 20 << 20);
    return 0;
}
