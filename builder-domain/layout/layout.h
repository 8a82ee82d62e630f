// SPDX-License-Identifier: MIT
// Plans where everything lies in a new domain, in pseudo-physical pages and virtual addresses, before any of it exists.
// Order and rules are those of "start-of-day memory layout" in xen/xen.h: page 0 is mapped at virt_base; then come
// image, module, p2m list, start_info, store page, console page, pages of channels, page tables, stack, at least 512 KiB of room, and the
// mapped region ends at a multiple of 4 MiB. A module that need not be mapped follows behind that room, and a p2m list
// with an address of its own behind the region.
//
// Pure arithmetic, no side effects; everything it returns fits in the domain's memory.
#pragma once

#include "builder-domain/image/pv_image.h"
#include "builder-domain/layout/table_area.h"

#include <minios/types.h>

namespace skerry::builder {

using minios::Pfn;

// Consecutive pseudo-physical pages.
struct PageRun {
    uint64_t first = 0;
    uint64_t count = 0;

    uint64_t end() const { return first + count; }
    bool contains(uint64_t pfn) const { return pfn - first < count; }
};

struct Layout {
    uint64_t virt_base = 0;
    uint64_t virt_end = 0;    // of the mapped region
    uint64_t total_pages = 0; // of the domain

    PageRun image; // from virt_base's page of the first segment to the last
    PageRun module;
    uint64_t module_bytes = 0;
    bool module_mapped = false;
    PageRun p2m;
    uint64_t p2m_address = 0;
    uint64_t start_info = 0; // these are page numbers
    uint64_t store = 0;
    uint64_t console = 0;
    PageRun channels;
    uint64_t stack = 0;

    TableArea tables;     // of the mapped region, with the one top-level table
    TableArea p2m_tables; // the further ones that a p2m list with an address of its own needs

    uint64_t address_of(uint64_t pfn) const { return virt_base + pfn * page_size; }
    bool is_table(uint64_t pfn) const { return tables.contains(pfn) || p2m_tables.contains(pfn); }
};

Result<Layout> plan_layout(const PvImage& image, uint64_t total_pages, uint64_t module_bytes, uint64_t channels = 0);

} // namespace skerry::builder
