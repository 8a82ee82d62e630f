// SPDX-License-Identifier: MIT
// A deliberately small reader of PV kernel images: a plain 64-bit ELF with Xen ELF notes (<xen/elfnote.h>). It reads
// the headers and notes, checks every range against the image, and leaves the copying to its caller. Anything cleverer
// (bzImage, decompression) belongs to other domains.
#pragma once

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
    uint64_t paddr_offset = no_address;   // XEN_ELFNOTE_PADDR_OFFSET: of the ELF's physical addresses; or virt_base
    uint64_t entry = no_address;          // XEN_ELFNOTE_ENTRY or the ELF entry
    uint64_t hypercall_page = no_address; // XEN_ELFNOTE_HYPERCALL_PAGE
    uint64_t init_p2m = no_address;       // XEN_ELFNOTE_INIT_P2M: where the p2m list must be mapped
    uint64_t mod_start_pfn = 0;           // XEN_ELFNOTE_MOD_START_PFN: not 0: modules need no virtual mapping
    uint64_t kernel_start = no_address;   // virtual, lowest byte of all segments
    uint64_t kernel_end = 0;              // virtual, one past the highest byte
    unsigned segment_count = 0;
    Segment segments[max_segments];
};

// Fills `image`. A one-line reason when the file is none that can be started, else nullptr.
const char* read_pv_image(Bytes file, PvImage& image);

} // namespace skerry
