// SPDX-License-Identifier: MIT
#include "elf_image.h"

namespace skerry::start_in_place {
namespace {

// The ELF-64 structures (System V ABI, AMD64 supplement), as far as a loader reads them.
struct FileHeader {
    std::uint8_t ident[16];
    std::uint16_t type, machine;
    std::uint32_t version;
    std::uint64_t entry, program_headers, section_headers;
    std::uint32_t flags;
    std::uint16_t header_bytes, program_header_bytes, program_header_count;
    std::uint16_t section_header_bytes, section_header_count, section_names;
};
struct ProgramHeader {
    std::uint32_t type, flags;
    std::uint64_t offset, virtual_address, physical_address, file_bytes, memory_bytes, alignment;
};
struct SectionHeader {
    std::uint32_t name, type;
    std::uint64_t flags, address, offset, bytes;
    std::uint32_t link, info;
    std::uint64_t alignment, entry_bytes;
};
static_assert(sizeof(FileHeader) == 64 && sizeof(ProgramHeader) == 56 && sizeof(SectionHeader) == 64);

constexpr std::uint8_t elf_magic[4] = {0x7f, 'E', 'L', 'F'};
constexpr std::uint8_t class_64 = 2, little_endian = 1;
constexpr std::uint16_t type_executable = 2, type_shared = 3, machine_x86_64 = 62;
constexpr std::uint32_t segment_load = 1, segment_note = 4, section_note = 7;

Result<void> check_file_header(const FileHeader& header) {
    if (header.ident[4] != class_64 || header.machine != machine_x86_64)
        return Failure{"ELF: not a 64-bit x86 kernel; e_machine", header.machine};
    if (header.ident[5] != little_endian) return Failure{"ELF: not little-endian; EI_DATA", header.ident[5]};
    if (header.type != type_executable && header.type != type_shared)
        return Failure{"ELF: not an executable; e_type", header.type};
    if (header.program_header_bytes < sizeof(ProgramHeader))
        return Failure{"ELF: program headers too small; e_phentsize", header.program_header_bytes};
    return {};
}

Result<void> add_load(ElfImage& image, Bytes file, const ProgramHeader& header, std::uint64_t where) {
    if (header.memory_bytes == 0) return {};
    if (header.file_bytes > header.memory_bytes)
        return Failure{"ELF: segment larger in the file than in memory; program header at", where};
    if (!file.contains(header.offset, header.file_bytes))
        return Failure{"ELF: segment reaches beyond the end of the file; program header at", where};
    if (header.physical_address + header.memory_bytes < header.physical_address)
        return Failure{"ELF: segment wraps around the address space; program header at", where};
    if (image.segment_count == ElfImage::max_segments)
        return Failure{"ELF: more load segments than a kernel has; program header at", where};
    const Segment segment{header.offset, header.file_bytes, header.memory_bytes, header.physical_address};
    for (unsigned i = 0; i < image.segment_count; ++i) {
        const Segment& other = image.segments[i];
        if (segment.physical < other.end() && other.physical < segment.end())
            return Failure{"ELF: two segments overlap; program header at", where};
    }
    if (image.segment_count == 0 || segment.physical < image.physical_start) image.physical_start = segment.physical;
    if (image.segment_count == 0 || segment.end() > image.physical_end) image.physical_end = segment.end();
    image.segments[image.segment_count++] = segment;
    return {};
}

void add_notes(ElfImage& image, Bytes file, std::uint64_t offset, std::uint64_t bytes) {
    if (bytes != 0 && file.contains(offset, bytes) && image.note_count < ElfImage::max_note_ranges)
        image.notes[image.note_count++] = {offset, bytes};
}

Result<void> read_program_headers(ElfImage& image, Bytes file, const FileHeader& header) {
    for (unsigned i = 0; i < header.program_header_count; ++i) {
        const std::uint64_t where = header.program_headers + std::uint64_t{i} * header.program_header_bytes;
        ProgramHeader program;
        if (where < header.program_headers || !file.read(where, program))
            return Failure{"ELF: program header beyond the end of the file, at", where};
        if (program.type == segment_load) {
            if (Result<void> added = add_load(image, file, program, where); !added) return added;
        } else if (program.type == segment_note) {
            add_notes(image, file, program.offset, program.file_bytes);
        }
    }
    return {};
}

// Only when there are no note segments; a damaged section table then just means that no notes are found.
void read_section_notes(ElfImage& image, Bytes file, const FileHeader& header) {
    if (header.section_header_bytes < sizeof(SectionHeader)) return;
    for (unsigned i = 0; i < header.section_header_count; ++i) {
        const std::uint64_t where = header.section_headers + std::uint64_t{i} * header.section_header_bytes;
        SectionHeader section;
        if (where < header.section_headers || !file.read(where, section)) return;
        if (section.type == section_note) add_notes(image, file, section.offset, section.bytes);
    }
}

} // namespace

bool ElfImage::recognises(Bytes file) { return file.starts_with(elf_magic, sizeof(elf_magic)); }

Result<ElfImage> ElfImage::parse(Bytes file) {
    FileHeader header;
    if (!recognises(file) || !file.read(0, header)) return Failure{"ELF: no header; bytes", file.size()};
    if (Result<void> checked = check_file_header(header); !checked) return checked.failure();
    ElfImage image;
    image.entry = header.entry;
    if (Result<void> read = read_program_headers(image, file, header); !read) return read.failure();
    if (image.segment_count == 0) return Failure{"ELF: nothing to load; program headers", header.program_header_count};
    if (image.note_count == 0) read_section_notes(image, file, header);
    return image;
}

} // namespace skerry::start_in_place
