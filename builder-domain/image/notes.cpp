// SPDX-License-Identifier: MIT
#include "builder-domain/image/pv_image.h"

#include <xen/elfnote.h>

#include <cstring>

namespace skerry::builder {
namespace {

struct NoteHeader {
    uint32_t name_size;
    uint32_t data_size;
    uint32_t type;
};

// Numeric notes are 4 or 8 bytes, little-endian.
Result<uint64_t> number_of(Bytes data, uint32_t type) {
    uint64_t number = 0;
    if (data.size() != 4 && data.size() != 8)
        return Failure() << "Xen note " << type << " should be a number of 4 or 8 bytes, has " << data.size();
    std::memcpy(&number, data.data(), data.size());
    return number;
}

std::string_view string_of(Bytes data) {
    auto text = as_text(data);
    return text.substr(0, text.find('\0'));
}

Status apply_number(Bytes data, uint32_t type, std::optional<uint64_t>& field) {
    auto number = number_of(data, type);
    BUILDER_TRY(number);
    field = number.value();
    return {};
}

Status apply_note(uint32_t type, Bytes data, XenNotes& notes) {
    notes.any = true;
    switch (type) {
    case XEN_ELFNOTE_ENTRY: return apply_number(data, type, notes.entry);
    case XEN_ELFNOTE_HYPERCALL_PAGE: return apply_number(data, type, notes.hypercall_page);
    case XEN_ELFNOTE_VIRT_BASE: return apply_number(data, type, notes.virt_base);
    case XEN_ELFNOTE_PADDR_OFFSET: return apply_number(data, type, notes.paddr_offset);
    case XEN_ELFNOTE_INIT_P2M: return apply_number(data, type, notes.p2m_address);
    case XEN_ELFNOTE_MOD_START_PFN: {
        auto number = number_of(data, type);
        BUILDER_TRY(number);
        notes.module_as_pages = number.value() != 0;
        return {};
    }
    case XEN_ELFNOTE_LOADER: notes.loader = string_of(data); return {};
    case XEN_ELFNOTE_FEATURES: notes.required_features = string_of(data); return {};
    default: return {}; // names, versions and the 32-bit and HVM entries do not change how we start it
    }
}

uint64_t align_4(uint64_t size) { return (size + 3) & ~uint64_t{3}; }

} // namespace

Status read_notes(Bytes segment, XenNotes& notes) {
    while (segment.size() >= sizeof(NoteHeader)) {
        NoteHeader header;
        std::memcpy(&header, segment.data(), sizeof(header));
        uint64_t name_at = sizeof(header);
        uint64_t data_at = name_at + align_4(header.name_size);
        uint64_t end = data_at + header.data_size;
        if (end > segment.size()) return Failure() << "an ELF note is cut off";
        auto name = as_text(segment.subspan(name_at, header.name_size));
        if (name == std::string_view("Xen\0", 4))
            BUILDER_TRY(apply_note(header.type, segment.subspan(data_at, header.data_size), notes));
        segment = segment.subspan(std::min<uint64_t>(align_4(end), segment.size()));
    }
    return {};
}

} // namespace skerry::builder
