// SPDX-License-Identifier: MIT
// Mappings of frames that are not the page allocator's: other domains', machine frames.
#include "address_ranges.h"
#include "page_table.h"

namespace minios {

namespace {

AddressRanges<256> mapping_space(mapping_area, mapping_area_size);

/// Clears `count` entries and the TLB behind them.
void clear(std::uint64_t virt, std::size_t count) {
    page_table::Batch batch;
    for (std::size_t i = 0; i < count; ++i)
        if (const auto table = page_table::find(virt + i * page_size, 1);
            table.entry != nullptr && table.entry[page_table::index(virt + i * page_size, 1)] != 0)
            batch.set(table.location(page_table::index(virt + i * page_size, 1)), 0);
    if (auto result = batch.flush(); !result) panic("mapping: cannot unmap %lx: %s", virt, error_name(result.error()));
    page_table::flush_tlb();
}

/// Fills entries; `frame(i)` names the i-th machine frame.
template <class Frame> Result<void*> map(DomId owner, std::size_t count, Access access, Frame frame) {
    auto reserved = mapping::reserve(count);
    if (!reserved) return reserved;
    const auto virt = reinterpret_cast<std::uint64_t>(*reserved);
    page_table::Batch batch(owner);
    page_table::Table table;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t at = virt + i * page_size;
        if (i == 0 || page_table::index(at, 1) == 0) table = page_table::find(at, 1);
        batch.set(table.location(page_table::index(at, 1)), page_table::leaf(frame(i), access));
    }
    if (auto result = batch.flush(); !result) {
        mapping::unmap(*reserved, count);
        return result.error();
    }
    return reserved;
}

} // namespace

namespace mapping {

Result<void*> reserve(std::size_t count) {
    if (count == 0 || count > mapping_area_size / page_size) return Error::invalid;
    const std::uint64_t virt = mapping_space.allocate(count * page_size);
    if (virt == 0) return Error::no_space;
    if (!page_table::ensure_range(virt, count * page_size)) {
        mapping_space.release(virt, count * page_size);
        return Error::no_memory;
    }
    return reinterpret_cast<void*>(virt);
}

void unreserve(void* first, std::size_t count) {
    if (!mapping_space.release(reinterpret_cast<std::uint64_t>(first), count * page_size))
        panic("mapping: %p is not mapped", first);
}

Result<void*> map_frames(DomId owner, std::span<const Mfn> machine_frames, Access access) {
    return map(owner, machine_frames.size(), access, [&](std::size_t i) { return machine_frames[i]; });
}

Result<void*> map_range(DomId owner, Mfn first, std::size_t count, Access access) {
    return map(owner, count, access, [&](std::size_t i) { return Mfn{first.value + i}; });
}

void unmap(void* first, std::size_t count) {
    clear(reinterpret_cast<std::uint64_t>(first), count);
    unreserve(first, count);
}

} // namespace mapping

} // namespace minios
