// SPDX-License-Identifier: MIT
// Reads a PV ELF image: a 64-bit x86 executable whose Xen ELF notes (xen/elfnote.h) say how it wants to be started.
// Deliberately small: program headers and PT_NOTE segments only; no sections, no symbols, no legacy `__xen_guest`
// string, no compression, no BSD symbol table. Everything else is the business of stubdoms/pv-boot, inside the guest's
// domain.
//
// A PvImage that exists has been checked: every segment lies in the file and in [first_address, end_address), which
// lies at or above virt_base.
#pragma once

#include "builder-domain/base/fixed_list.h"
#include "builder-domain/base/result.h"
#include "builder-domain/modules/module_set.h"

namespace skerry::builder {

inline constexpr uint64_t page_size = 4096;

struct Segment {
    uint64_t address; // virtual, where the kernel expects it
    Bytes bytes;      // from the file
    uint64_t size;    // in memory: the rest is zero
};

// What the notes say; std::nullopt: the note is absent.
struct XenNotes {
    std::optional<uint64_t> entry;
    std::optional<uint64_t> hypercall_page;
    std::optional<uint64_t> virt_base;
    std::optional<uint64_t> paddr_offset;
    std::optional<uint64_t> p2m_address; // INIT_P2M
    bool module_as_pages = false;        // MOD_START_PFN: the module need not be mapped
    std::string_view loader;
    std::string_view required_features; // the FEATURES string
    bool any = false;
};

struct PvImage {
    static constexpr size_t most_segments = 16;

    FixedList<Segment, most_segments> segments;
    uint64_t virt_base;     // where page 0 of the domain is mapped
    uint64_t first_address; // of the lowest segment
    uint64_t end_address;   // behind the highest segment
    uint64_t entry;
    std::optional<uint64_t> hypercall_page;
    std::optional<uint64_t> p2m_address;
    bool module_as_pages;
};

Result<PvImage> read_pv_image(Bytes file);

// Notes of one PT_NOTE segment, added to `notes`. Exposed for its tests.
Status read_notes(Bytes segment, XenNotes& notes);

} // namespace skerry::builder
