// SPDX-License-Identifier: MIT
// Where the pieces of the first domain stand, by the order that <xen/xen.h> (start of day) gives. Pure numbers, also
// tested on the host.
#pragma once

#include "base/result.h"
#include "base/types.h"
#include "boot/pv_image.h"

namespace skerry {

struct FirstDomainLayout {
    // A piece of the pseudo-physical space. Mapped pieces stand at virt_base + pfn * page_size.
    struct Piece {
        uint64_t pfn = 0;
        uint64_t frames = 0;
        uint64_t end() const { return pfn + frames; }
    };

    uint64_t virt_base = 0;
    Piece modules;                 // mapped, unless modules_unmapped
    Piece p2m;                     // mapped here, unless p2m_virt says where else
    Piece start_info;              // one frame
    Piece page_tables;             // of the region; the L4 first
    Piece stack;                   // one frame
    uint64_t region_frames = 0;    // everything that is mapped at virt_base: a multiple of 4 MiB
    bool modules_unmapped = false; // the modules follow the region (SIF_MOD_START_PFN)
    uint64_t p2m_virt = 0;         // 0: inside the region
    Piece p2m_tables;              // page tables for p2m_virt, right before the p2m itself
    uint64_t needed_frames = 0;    // the least memory that holds all of it

    uint64_t virt(uint64_t pfn) const { return virt_base + (pfn << page_shift); }
};

// `memory_frames`: of the domain; `module_bytes`: the modules' area. Errors: no_memory (does not fit).
Result<FirstDomainLayout> plan_first_domain(const PvImage& image, uint64_t memory_frames, uint64_t module_bytes);

// How many tables of levels 1..3 map [start, end), both page-aligned.
uint64_t tables_for_range(uint64_t start, uint64_t end);

} // namespace skerry
