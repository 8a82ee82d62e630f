// SPDX-License-Identifier: MIT
// The memory of a domain that is being built: allocates it and writes into it through the hypervisor's window.
// Writers give whole runs of pages, so that one hypercall shows many at once. Nothing here reads what a guest wrote:
// the domain has not run yet. The hypervisor clears what it gives (xen-core/memory/allocator.h), so what is to be zero is left alone.
#pragma once

#include "builder-domain/create/extent_map.h"
#include "builder-domain/create/hypervisor.h"
#include "builder-domain/layout/layout.h"

namespace skerry::builder {

class GuestMemory {
  public:
    GuestMemory(Hypervisor& hypervisor, DomId domain) : hypervisor_(hypervisor), domain_(domain) {}
    ~GuestMemory() { hypervisor_.hide(); }
    GuestMemory(const GuestMemory&) = delete;
    GuestMemory& operator=(const GuestMemory&) = delete;

    // Gives the domain `pages` frames as its pages 0, 1, ...; large extents first.
    Status populate(uint64_t pages);
    Mfn frame_of(uint64_t pfn) const { return extents_.frame_of(pfn); }

    // Calls act(page, frame, count) for each stretch of [first, end) whose frames follow each other.
    template <typename Act> void each_stretch(uint64_t first, uint64_t end, Act act) const {
        while (first < end) {
            ExtentMap::Stretch stretch = extents_.stretch_at(first, end - first);
            act(first, stretch.first_frame, stretch.count);
            first += stretch.count;
        }
    }

    // Copies `bytes` to the pseudo-physical byte address.
    Status write(uint64_t address, Bytes bytes);

    // Calls fill(page, pfn) for each page of the run; `page` is writable, and clear unless something was written there before.
    template <typename Fill> Status fill_pages(PageRun run, Fill fill) {
        while (run.count != 0) {
            uint64_t count = std::min<uint64_t>(run.count, Hypervisor::window_pages);
            BUILDER_TRY(show(run.first, count));
            for (uint64_t i = 0; i < count; ++i) fill(hypervisor_.window() + i * page_size, run.first + i);
            run = {run.first + count, run.count - count};
        }
        return {};
    }
    // The same for one frame of the domain that is not in its pseudo-physical memory, such as its shared info page.
    template <typename Fill> Status fill_frame(Mfn frame, Fill fill) {
        BUILDER_TRY(show_frame(frame));
        fill(hypervisor_.window());
        return {};
    }

    // Ends the writing: now pages can become page tables.
    Status close();

  private:
    Status populate_extents(uint64_t end, unsigned order);
    Status show(uint64_t pfn, uint64_t count);
    Status show_frame(Mfn frame);

    Hypervisor& hypervisor_;
    DomId domain_;
    ExtentMap extents_;
};

} // namespace skerry::builder
