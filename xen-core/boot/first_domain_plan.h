// SPDX-License-Identifier: MIT
// What the first domain's kernel asks for, and where its pieces stand. Pure numbers, also tested on the host.
//
// A deliberately small reader of PV kernel images: a plain 64-bit ELF with Xen ELF notes (<xen/elfnote.h>) or the text
// that older kernels have in their place. It reads
// the headers and notes, checks every range against the image, and leaves the copying to its caller. Anything cleverer
// (bzImage, decompression) belongs to other domains. The layout follows the order that <xen/xen.h> (start of day)
// gives.
#pragma once

#include "base/result.h"
#include "base/types.h"
#include "boot/fields.h"

namespace skerry {

// What the kernel asked for; addresses are guest virtual unless they say otherwise.
struct PvImage {
    static constexpr uint64_t no_address = ~uint64_t{0};
    static constexpr unsigned max_segments = 16;

    struct Segment {
        uint64_t virtual_start; // of the first byte
        uint64_t memory_size;   // bytes, the rest after the file's bytes zeroed
        Bytes bytes;
    };

    uint64_t virt_base = 0;               // XEN_ELFNOTE_VIRT_BASE: virtual address of pseudo-physical 0
    uint64_t paddr_offset = no_address;   // XEN_ELFNOTE_PADDR_OFFSET: of the ELF's physical addresses
    uint64_t entry = no_address;          // XEN_ELFNOTE_ENTRY or the ELF entry
    uint64_t hypercall_page = no_address; // XEN_ELFNOTE_HYPERCALL_PAGE
    uint64_t init_p2m = no_address;       // XEN_ELFNOTE_INIT_P2M: where the p2m list must be mapped
    uint64_t mod_start_pfn = 0;           // XEN_ELFNOTE_MOD_START_PFN: not 0: modules need no virtual mapping
    uint64_t kernel_start = no_address;   // virtual, lowest byte of all segments
    uint64_t kernel_end = 0;              // virtual, one past the highest byte
    unsigned segment_count = 0;
    Segment segments[max_segments + 3];   // and those of XEN_ELFNOTE_BSD_SYMTAB: headers, symbols, names
    uint8_t symbol_headers[4 + 4 * 64]{}; // the first of them
};

// Fills `image`. A one-line reason when the file is none that can be started, else nullptr.
const char* read_pv_image(Bytes file, PvImage& image);

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
