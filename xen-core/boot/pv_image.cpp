// SPDX-License-Identifier: MIT
#include "boot/pv_image.h"

#include "base/types.h"

#include <string.h>
#include <xen/elfnote.h>

namespace skerry {
namespace {

// ELF-64 (System V gABI, chapter 4 and 5), as far as a PV kernel image needs it.
struct ElfHeader {
    uint8_t identity[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_header_offset, section_header_offset;
    uint32_t flags;
    uint16_t header_size, program_header_size, program_header_count, section_header_size, section_header_count, names;
};
struct ProgramHeader {
    uint32_t type, flags;
    uint64_t offset, virtual_address, physical_address, file_size, memory_size, alignment;
};
struct SectionHeader {
    uint32_t name, type;
    uint64_t flags, address, offset, size;
    uint32_t link, info;
    uint64_t alignment, entry_size;
};
struct NoteHeader {
    uint32_t name_size, description_size, type;
};
static_assert(sizeof(ElfHeader) == 64 && sizeof(ProgramHeader) == 56 && sizeof(SectionHeader) == 64);

constexpr uint32_t segment_load = 1, segment_note = 4, section_note = 7;
constexpr uint16_t machine_x86_64 = 62, type_executable = 2, type_shared = 3;
constexpr uint64_t user_address_end = uint64_t{1} << 47;
constexpr uint64_t largest_kernel = uint64_t{1} << 30; // bytes; a PV kernel maps itself in its last 2 GiB

// The ELF file and the state of reading it; each step returns false with `reason` set.
class Reader {
  public:
    Reader(std::span<const uint8_t> file, PvImage& image) : file_(file), image_(image) {}

    bool read() { return read_header() && read_notes() && check_notes() && read_segments() && check_extent(); }
    const char* reason() const { return reason_; }

  private:
    bool fail(const char* reason) {
        reason_ = reason;
        return false;
    }

    template <typename T> bool fetch(T& value, uint64_t offset) const {
        if (offset > file_.size() || file_.size() - offset < sizeof(T)) return false;
        memcpy(&value, file_.data() + offset, sizeof(T));
        return true;
    }

    bool slice(std::span<const uint8_t>& out, uint64_t offset, uint64_t size) const {
        if (offset > file_.size() || file_.size() - offset < size) return false;
        out = file_.subspan(offset, size);
        return true;
    }

    bool read_header() {
        static constexpr uint8_t elf_64_little[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
        if (!fetch(header_, 0) || memcmp(header_.identity, elf_64_little, sizeof(elf_64_little)) != 0)
            return fail("not a little-endian 64-bit ELF file");
        if (header_.machine != machine_x86_64 || (header_.type != type_executable && header_.type != type_shared))
            return fail("not an x86-64 executable");
        if (header_.program_header_size != sizeof(ProgramHeader)) return fail("unexpected program header size");
        return true;
    }

    // Notes stand in PT_NOTE segments; some linkers keep them in SHT_NOTE sections only.
    bool read_notes() {
        for (unsigned i = 0; i < header_.program_header_count; ++i) {
            ProgramHeader segment;
            if (!fetch(segment, header_.program_header_offset + uint64_t{i} * sizeof(segment)))
                return fail("program headers reach beyond the file");
            std::span<const uint8_t> notes;
            if (segment.type == segment_note && slice(notes, segment.offset, segment.file_size)) scan_notes(notes);
        }
        if (found_xen_notes_) return true;
        for (unsigned i = 0; i < header_.section_header_count; ++i) {
            SectionHeader section;
            if (!fetch(section, header_.section_header_offset + uint64_t{i} * sizeof(section))) break;
            std::span<const uint8_t> notes;
            if (section.type == section_note && slice(notes, section.offset, section.size)) scan_notes(notes);
        }
        return found_xen_notes_ || fail("no Xen ELF notes: not a PV kernel");
    }

    void scan_notes(std::span<const uint8_t> notes) {
        while (notes.size() >= sizeof(NoteHeader)) {
            NoteHeader note;
            memcpy(&note, notes.data(), sizeof(note));
            uint64_t name_room = (uint64_t{note.name_size} + 3) & ~uint64_t{3};
            uint64_t description_room = (uint64_t{note.description_size} + 3) & ~uint64_t{3};
            uint64_t room = notes.size() - sizeof(note);
            if (name_room > room || note.description_size > room - name_room) return;
            const uint8_t* name = notes.data() + sizeof(note);
            if (note.name_size == 4 && memcmp(name, "Xen", 4) == 0)
                take_note(note.type, notes.subspan(sizeof(note) + name_room, note.description_size));
            uint64_t total = sizeof(note) + name_room + description_room;
            if (total >= notes.size()) return;
            notes = notes.subspan(total);
        }
    }

    static uint64_t number(std::span<const uint8_t> description) {
        uint64_t value = 0;
        memcpy(&value, description.data(), description.size() < sizeof(value) ? description.size() : sizeof(value));
        return value;
    }

    void take_note(uint32_t type, std::span<const uint8_t> description) {
        found_xen_notes_ = true;
        switch (type) {
        case XEN_ELFNOTE_ENTRY: image_.entry = number(description); break;
        case XEN_ELFNOTE_HYPERCALL_PAGE: image_.hypercall_page = number(description); break;
        case XEN_ELFNOTE_VIRT_BASE: image_.virt_base = number(description); break;
        case XEN_ELFNOTE_PADDR_OFFSET:
            paddr_offset_ = number(description);
            has_paddr_offset_ = true;
            break;
        case XEN_ELFNOTE_INIT_P2M: image_.init_p2m = number(description); break;
        case XEN_ELFNOTE_MOD_START_PFN: image_.mod_start_pfn = number(description) != 0; break;
        default: break; // the other notes ask for nothing that changes how a 64-bit PV kernel is loaded
        }
    }

    bool check_notes() {
        if (image_.entry == PvImage::no_address) image_.entry = header_.entry;
        // A kernel that gives no offset has physical addresses relative to its virtual base (as Xen assumes).
        if (!has_paddr_offset_) paddr_offset_ = image_.virt_base;
        if (image_.virt_base % page_size != 0) return fail("the virtual base is not page-aligned");
        return true;
    }

    bool read_segments() {
        image_.kernel_start = ~uint64_t{0};
        for (unsigned i = 0; i < header_.program_header_count; ++i) {
            ProgramHeader segment;
            if (!fetch(segment, header_.program_header_offset + uint64_t{i} * sizeof(segment)))
                return fail("program headers reach beyond the file");
            if (segment.type != segment_load || segment.memory_size == 0) continue;
            if (image_.segment_count == PvImage::max_segments) return fail("too many loadable segments");
            if (!add_segment(segment)) return false;
        }
        return image_.segment_count > 0 || fail("no loadable segment");
    }

    bool add_segment(const ProgramHeader& segment) {
        PvImage::Segment& out = image_.segments[image_.segment_count];
        if (segment.file_size > segment.memory_size || !slice(out.bytes, segment.offset, segment.file_size))
            return fail("a segment reaches beyond the file");
        out.virtual_start = segment.physical_address - paddr_offset_ + image_.virt_base;
        out.memory_size = segment.memory_size;
        if (segment.memory_size > largest_kernel || out.virtual_start < image_.virt_base ||
            out.virtual_start - image_.virt_base > largest_kernel)
            return fail("a segment lies outside the first GiB above the virtual base");
        uint64_t end = out.virtual_start + out.memory_size;
        if (out.virtual_start < image_.kernel_start) image_.kernel_start = out.virtual_start;
        if (end > image_.kernel_end) image_.kernel_end = end;
        ++image_.segment_count;
        return true;
    }

    static bool is_guest_address(uint64_t address) {
        constexpr uint64_t hypervisor_end = 0xffff880000000000; // one past what HYPERVISOR_VIRT_START reserves
        return address < user_address_end || address >= hypervisor_end;
    }

    bool check_extent() {
        uint64_t end = (image_.kernel_end + page_size - 1) & ~(page_size - 1);
        if (!is_guest_address(image_.virt_base) || end <= image_.kernel_start || !is_guest_address(end))
            return fail("the kernel does not lie in guest addresses");
        if (image_.hypercall_page != PvImage::no_address &&
            (image_.hypercall_page % page_size != 0 || image_.hypercall_page < image_.kernel_start ||
             image_.hypercall_page >= end))
            return fail("the hypercall page lies outside the kernel");
        if (image_.init_p2m != PvImage::no_address &&
            (image_.init_p2m % page_size != 0 || !is_guest_address(image_.init_p2m)))
            return fail("the requested p2m address is not a page-aligned guest address");
        return true;
    }

    std::span<const uint8_t> file_;
    PvImage& image_;
    ElfHeader header_{};
    uint64_t paddr_offset_ = 0;
    bool has_paddr_offset_ = false;
    bool found_xen_notes_ = false;
    const char* reason_ = "";
};

} // namespace

Result<PvImage> read_pv_image(std::span<const uint8_t> file, const char** reason) {
    PvImage image;
    Reader reader(file, image);
    bool read = reader.read();
    *reason = reader.reason();
    if (!read) return Error::invalid;
    return image;
}

} // namespace skerry
