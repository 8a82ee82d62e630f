// SPDX-License-Identifier: MIT
#include "builder-domain/create/guest_memory.h"

#include "builder-domain/create/failures.h"

#include <algorithm>
#include <cstring>

namespace skerry::builder {
namespace {

constexpr unsigned large_order = 9; // 2 MiB
constexpr size_t batch = 512;       // extents in one hypercall
uint64_t extent_frames[batch];      // page numbers in, frames out; static because the hypervisor writes to it

} // namespace

Status GuestMemory::populate(uint64_t pages) {
    BUILDER_TRY(populate_extents(pages, large_order));
    BUILDER_TRY(populate_extents(pages, 0));
    if (extents_.pages() != pages)
        return Failure() << "allocating memory: " << extents_.pages() * 4 << "K of " << pages * 4 << "K were free";
    return {};
}

// Goes on from the pages there are, in extents of 2^order pages, up to `end` or until there are no more of that size.
Status GuestMemory::populate_extents(uint64_t end, unsigned order) {
    uint64_t extent_pages = uint64_t{1} << order;
    for (;;) {
        size_t count = std::min<uint64_t>((end - extents_.pages()) >> order, batch);
        if (count == 0) return {};
        for (size_t i = 0; i < count; ++i) extent_frames[i] = extents_.pages() + i * extent_pages;
        xen_memory_reservation_t reservation{};
        set_xen_guest_handle(reservation.extent_start, extent_frames);
        reservation.nr_extents = count;
        reservation.extent_order = order;
        reservation.domid = domain_.value;
        long done = hypervisor_.memory_op(XENMEM_populate_physmap, &reservation);
        if (done < 0 && order == 0) return check(done, "allocating memory");
        size_t got = done < 0 ? 0 : std::min<size_t>(static_cast<size_t>(done), count);
        for (size_t i = 0; i < got; ++i) BUILDER_TRY(extents_.append(Mfn(extent_frames[i]), extent_pages));
        if (got < count) return {};
    }
}

Status GuestMemory::write(uint64_t address, Bytes bytes) {
    if (bytes.empty()) return {};
    uint64_t end = address + bytes.size();
    PageRun run{address / page_size, (end + page_size - 1) / page_size - address / page_size};
    return fill_pages(run, [&](std::byte* page, uint64_t pfn) {
        // This page's part of [address, end), as offsets from `address`.
        uint64_t from = std::max(pfn * page_size, address) - address;
        uint64_t to = std::min((pfn + 1) * page_size, end) - address;
        std::memcpy(page + (address + from - pfn * page_size), bytes.data() + from, to - from);
    });
}

Status GuestMemory::show(uint64_t pfn, uint64_t count) {
    Mfn frames[Hypervisor::window_pages];
    for (uint64_t i = 0; i < count; ++i) frames[i] = extents_.frame_of(pfn + i);
    return check(hypervisor_.show(domain_, {frames, count}), "mapping the domain's memory");
}

Status GuestMemory::show_frame(Mfn frame) {
    return check(hypervisor_.show(domain_, {&frame, 1}), "mapping a frame of the domain");
}

Status GuestMemory::close() { return check(hypervisor_.hide(), "unmapping the domain's memory"); }

} // namespace skerry::builder
