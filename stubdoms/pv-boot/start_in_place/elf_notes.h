// SPDX-License-Identifier: MIT
// What a PV kernel's Xen ELF notes ask of its loader (<xen/elfnote.h>), with the defaults and checks of Xen's own
// loader.
#pragma once

#include "elf_image.h"

#include <optional>

namespace skerry::start_in_place {

/// A PV kernel that can be started: every address here was checked against the image.
struct Kernel {
    ElfImage image;
    std::uint64_t virt_base = 0;   // virtual address of pseudo-physical frame 0; page-aligned
    std::uint64_t virt_offset = 0; // virtual minus physical (p_paddr) address, modulo 2^64
    std::uint64_t virt_start = 0;  // of the loaded image; not below virt_base
    std::uint64_t virt_end = 0;
    std::uint64_t entry = 0;                     // inside the image
    std::optional<std::uint64_t> hypercall_page; // page-aligned, whole page inside the image
    std::optional<std::uint64_t>
        p2m_base;                  // INIT_P2M, when it asks for a mapping of its own; page-aligned, below virt_base
    bool ramdisk_by_frame = false; // MOD_START_PFN: the ramdisk need not be mapped
    bool wants_symbols = false;    // BSD_SYMTAB=yes: not done, the caller may say so
};

/// Finds and checks the notes of `file`, which was parsed into `image`.
Result<Kernel> read_notes(Bytes file, const ElfImage& image);

} // namespace skerry::start_in_place
