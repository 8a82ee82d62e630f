// SPDX-License-Identifier: MIT
#include "toolstack/domain/xen/memory_window.h"

#include <minios/memory.h>
#include <minios/xen.h>

namespace skerry::toolstack {

std::string MemoryWindow::read(std::uint64_t offset, std::size_t count) {
    constexpr std::uint64_t page = 4096;
    if (offset > size_ || count > size_ - offset) throw Failure(code::internal, "beyond the shared memory");
    const std::uint64_t first = (address_ + offset) / page, skipped = (address_ + offset) % page;
    const std::size_t pages = (skipped + count + page - 1) / page;
    const auto mapped =
        minios::mapping::map_range(minios::DomId{DOMID_IO}, minios::Mfn{first}, pages, minios::Access::read_only);
    if (!mapped)
        throw Failure(code::unavailable,
                      std::string("the shared memory cannot be mapped: ") + minios::error_name(mapped.error()));
    std::string bytes(static_cast<const char*>(*mapped) + skipped, count);
    minios::mapping::unmap(*mapped, pages);
    return bytes;
}

} // namespace skerry::toolstack
