// SPDX-License-Identifier: MIT
#include "builder-domain/image/pv_image.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

namespace skerry::builder {
namespace {

// An image that reaches further than this is a mistake.
constexpr uint64_t largest_extent = uint64_t{1} << 30;

template <typename T> T read_as(Bytes file, uint64_t offset) {
    T value;
    std::memcpy(&value, &file[offset], sizeof(value));
    return value;
}

bool inside(Bytes file, uint64_t offset, uint64_t size) {
    return offset <= file.size() && size <= file.size() - offset;
}

Result<Elf64_Ehdr> read_header(Bytes file) {
    if (file.size() < sizeof(Elf64_Ehdr)) return Failure() << "it is too short for an ELF file";
    auto header = read_as<Elf64_Ehdr>(file, 0);
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return Failure() << "it is no ELF file (a bzImage needs `loader = pv-boot`)";
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
        header.e_machine != EM_X86_64)
        return Failure() << "it is no 64-bit x86 ELF file";
    if (header.e_type != ET_EXEC) return Failure() << "it is no ELF executable (type " << header.e_type << ")";
    if (header.e_phentsize != sizeof(Elf64_Phdr) ||
        !inside(file, header.e_phoff, uint64_t{header.e_phnum} * sizeof(Elf64_Phdr)))
        return Failure() << "its program headers are damaged";
    return header;
}

Status read_segments(Bytes file, const Elf64_Ehdr& header, PvImage& image, XenNotes& notes) {
    for (unsigned index = 0; index < header.e_phnum; ++index) {
        auto program = read_as<Elf64_Phdr>(file, header.e_phoff + index * sizeof(Elf64_Phdr));
        if (program.p_type != PT_LOAD && program.p_type != PT_NOTE) continue;
        if (!inside(file, program.p_offset, program.p_filesz))
            return Failure() << "program header " << index << " reaches beyond the file";
        Bytes bytes = file.subspan(program.p_offset, program.p_filesz);
        if (program.p_type == PT_NOTE) {
            BUILDER_TRY(read_notes(bytes, notes));
            continue;
        }
        if (program.p_memsz == 0) continue;
        if (program.p_memsz < program.p_filesz || program.p_memsz > largest_extent)
            return Failure() << "program header " << index << " has an impossible size";
        // The address is the physical one for now: what is virtual depends on the notes.
        if (!image.segments.push(Segment{program.p_paddr, bytes, program.p_memsz}))
            return Failure() << "it has more than " << PvImage::most_segments << " loadable segments";
    }
    return {};
}

// Virtual address = physical address - PADDR_OFFSET + VIRT_BASE (xen/elfnote.h).
Status place_segments(const XenNotes& notes, PvImage& image) {
    if (!notes.any) return Failure() << "it has no Xen ELF notes: it is no PV kernel";
    if (image.segments.empty()) return Failure() << "it has nothing to load";
    image.first_address = ~uint64_t{0};
    image.end_address = 0;
    for (Segment& segment : image.segments) {
        segment.address += image.virt_base - notes.paddr_offset.value_or(0);
        if (segment.address < image.virt_base || segment.address - image.virt_base > largest_extent ||
            segment.size > ~segment.address)
            return Failure() << "its segment at " << Hex{segment.address} << " lies outside the region at virtual base "
                             << Hex{image.virt_base};
        image.first_address = std::min(image.first_address, segment.address);
        image.end_address = std::max(image.end_address, segment.address + segment.size);
    }
    return {};
}

Status check_notes(const XenNotes& notes, const PvImage& image) {
    if (!notes.loader.empty() && notes.loader != "generic")
        return Failure() << "it wants the loader `" << notes.loader.substr(0, 40) << "`, not `generic`";
    if (image.virt_base % page_size != 0)
        return Failure() << "its virtual base " << Hex{image.virt_base} << " is not at a page";
    if (image.entry < image.first_address || image.entry >= image.end_address)
        return Failure() << "its entry " << Hex{image.entry} << " lies outside the image";
    if (image.hypercall_page &&
        (*image.hypercall_page % page_size != 0 || *image.hypercall_page < image.first_address ||
         *image.hypercall_page >= image.end_address))
        return Failure() << "its hypercall page " << Hex{*image.hypercall_page} << " lies outside the image";
    return {};
}

} // namespace

Result<PvImage> read_pv_image(Bytes file) {
    auto header = read_header(file);
    BUILDER_TRY(header);
    PvImage image{};
    XenNotes notes;
    BUILDER_TRY(read_segments(file, header.value(), image, notes));
    image.virt_base = notes.virt_base.value_or(0);
    image.entry = notes.entry.value_or(header.value().e_entry);
    image.hypercall_page = notes.hypercall_page;
    image.p2m_address = notes.p2m_address;
    image.module_as_pages = notes.module_as_pages;
    BUILDER_TRY(place_segments(notes, image));
    BUILDER_TRY(check_notes(notes, image));
    return image;
}

} // namespace skerry::builder
