// SPDX-License-Identifier: MIT
#include "boot/first_domain_plan.h"

#include "arch/x86_64/page_table_entry.h"

#include <algorithm>
#include <xen/elfnote.h>

namespace skerry {
namespace {

// ELF-64 (System V gABI, chapter 4 and 5), as far as a PV kernel image needs it.
namespace header {
constexpr uint8_t identity[] = {0x7f, 'E', 'L', 'F', 2, 1, 1}; // 64 bits, little-endian
constexpr Field<uint16_t> type{16}, machine{18}, segment_size{54}, segment_count{56}, section_count{60}, names{62};
constexpr Field<uint64_t> entry{24}, segments{32}, sections{40};
constexpr uint64_t size = 64;
constexpr uint16_t machine_x86_64 = 62, type_executable = 2, type_shared = 3;
} // namespace header
// A table of program headers or of section headers.
struct TableFormat {
    uint64_t entry_size;
    Field<uint32_t> type;
    Field<uint64_t> offset, file_size;
    uint32_t note; // the type of those that hold notes
};
constexpr TableFormat segment{56, {0}, {8}, {32}, 4}, section{64, {4}, {24}, {32}, 7};
constexpr uint32_t segment_load = 1, section_symbols = 2;
constexpr Field<uint64_t> segment_physical_address{24}, segment_memory_size{40};
constexpr Field<uint32_t> section_name{0}, section_link{40};
namespace note {
constexpr Field<uint32_t> name_size{0}, value_size{4}, type{8};
constexpr uint64_t header_size = 12;
} // namespace note

// The numbers that change how a 64-bit PV kernel is loaded, as notes, and as the text that came before there were notes.
constexpr struct {
    uint32_t note;
    const char* text;
    uint64_t PvImage::*number;
} numbers[] = {{XEN_ELFNOTE_ENTRY, "VIRT_ENTRY=", &PvImage::entry},
               {XEN_ELFNOTE_HYPERCALL_PAGE, "HYPERCALL_PAGE=", &PvImage::hypercall_page},
               {XEN_ELFNOTE_VIRT_BASE, "VIRT_BASE=", &PvImage::virt_base},
               {XEN_ELFNOTE_PADDR_OFFSET, "ELF_PADDR_OFFSET=", &PvImage::paddr_offset},
               {XEN_ELFNOTE_INIT_P2M, "INIT_P2M=", &PvImage::init_p2m},
               {XEN_ELFNOTE_MOD_START_PFN, "MOD_START_PFN=", &PvImage::mod_start_pfn}};

constexpr uint64_t largest_kernel = uint64_t{1} << 30; // bytes; a PV kernel maps itself in its last 2 GiB

// The lower half, and what HYPERVISOR_VIRT_START..END leaves of the upper one.
bool is_guest_address(uint64_t address) { return address < uint64_t{1} << 47 || address >= layout::core_end; }

// `step` is a power of two.
constexpr uint64_t round_up(uint64_t value, uint64_t step) { return (value + step - 1) & ~(step - 1); }

bool begins_with(Bytes text, const char* start) {
    return text.size() >= strlen(start) && !memcmp(text.data(), start, strlen(start));
}

// The number that the text begins with, hexadecimal with 0x in front, or decimal.
uint64_t number_in(Bytes text) {
    unsigned base = begins_with(text, "0x") ? 16 : 10;
    uint64_t value = 0;
    for (unsigned character : text.subspan(base == 16 ? 2 : 0)) {
        unsigned letter = (character | 0x20) - 'a', digit = letter < 26 ? letter + 10 : character - '0';
        if (digit >= base) break;
        value = value * base + digit;
    }
    return value;
}

// The ELF file and the state of reading it; each step returns a reason or nullptr.
class Reader {
  public:
    Reader(Bytes file, PvImage& image) : file_(file), image_(image) {}

    const char* read() {
        if (const char* problem = read_header() ?: read_notes() ?: read_segments()) return problem;
        if (wants_symbols_) add_symbols();
        return check_extent();
    }

  private:
    const char* read_header() {
        if (file_.size() < header::size || memcmp(file_.data(), header::identity, sizeof(header::identity)) != 0)
            return "not a little-endian 64-bit ELF file";
        uint16_t type = header::type(file_);
        if (header::machine(file_) != header::machine_x86_64 ||
            (type != header::type_executable && type != header::type_shared))
            return "not an x86-64 executable";
        if (header::segment_size(file_) != segment.entry_size) return "unexpected program header size";
        auto segments = part_of(file_, header::segments(file_), header::segment_count(file_) * segment.entry_size);
        if (!segments) return "program headers reach beyond the file";
        segments_ = *segments;
        sections_ = part_of(file_, header::sections(file_), header::section_count(file_) * section.entry_size)
                        .value_or(Bytes{});
        return nullptr;
    }

    // Notes stand in PT_NOTE segments; some linkers keep them in SHT_NOTE sections only. Older kernels have text.
    const char* read_notes() {
        scan_table(segments_, segment);
        if (!found_xen_notes_) scan_table(sections_, section);
        bool is_text = !found_xen_notes_ && read_text();
        if (!found_xen_notes_ && !is_text) return "no Xen ELF notes: not a PV kernel";
        if (image_.entry == PvImage::no_address) image_.entry = header::entry(file_);
        // A kernel that gives no offset has plain physical addresses, or in the days of text (and for Xen) ones that
        // begin at its virtual base.
        if (image_.paddr_offset == PvImage::no_address) image_.paddr_offset = is_text ? image_.virt_base : 0;
        return image_.virt_base % page_size ? "the virtual base is not page-aligned" : nullptr;
    }

    void scan_table(Bytes table, const TableFormat& format) {
        for (; !table.empty(); table = table.subspan(format.entry_size))
            if (format.type(table) == format.note) scan_notes(content(table, format));
    }

    // What an entry of a table describes; nothing if it is not inside the file.
    Bytes content(Bytes entry, const TableFormat& format) const {
        return part_of(file_, format.offset(entry), format.file_size(entry)).value_or(Bytes{});
    }
    Bytes section_at(uint64_t number) const {
        return part_of(sections_, number * section.entry_size, section.entry_size).value_or(Bytes{});
    }

    // Each: header, name and value, both padded to 4 bytes; the last one's padding may be missing.
    void scan_notes(Bytes notes) {
        while (notes.size() >= note::header_size) {
            uint64_t value_at = note::header_size + round_up(note::name_size(notes), 4);
            uint64_t value_size = note::value_size(notes);
            auto value = part_of(notes, value_at, value_size);
            if (!value) return;
            bool is_xen = note::name_size(notes) == 4 && !memcmp(notes.data() + note::header_size, "Xen", 4);
            uint32_t type = note::type(notes);
            found_xen_notes_ |= is_xen;
            wants_symbols_ |= is_xen && type == XEN_ELFNOTE_BSD_SYMTAB && begins_with(*value, "yes");
            for (auto [known, text, number] : numbers) {
                if (!is_xen || known != type) continue;
                image_.*number = 0;
                memcpy(&(image_.*number), value->data(), std::min(value->size(), sizeof(uint64_t)));
            }
            notes = notes.subspan(std::min(value_at + round_up(value_size, 4), notes.size()));
        }
    }

    // The section __xen_guest: NAME=value, separated by commas. The hypercall page is a page number from the virtual
    // base on. False if there is none.
    bool read_text() {
        Bytes names = content(section_at(header::names(file_)), section), text;
        for (Bytes rest = sections_; !rest.empty(); rest = rest.subspan(section.entry_size))
            if (begins_with(names.subspan(std::min<size_t>(section_name(rest), names.size())), "__xen_guest"))
                text = content(rest, section);
        if (text.empty()) return false;
        while (!text.empty()) {
            for (auto [type, name, number] : numbers)
                if (begins_with(text, name)) image_.*number = number_in(text.subspan(strlen(name)));
            wants_symbols_ |= begins_with(text, "BSD_SYMTAB=yes");
            auto comma = std::ranges::find(text, ',');
            text = {comma == text.end() ? comma : comma + 1, text.end()};
        }
        if (image_.hypercall_page != PvImage::no_address)
            image_.hypercall_page = image_.virt_base + (image_.hypercall_page << page_shift);
        return true;
    }

    const char* read_segments() {
        for (Bytes rest = segments_; !rest.empty(); rest = rest.subspan(segment.entry_size)) {
            uint64_t size = segment_memory_size(rest);
            if (segment.type(rest) != segment_load || !size) continue;
            if (image_.segment_count == PvImage::max_segments) return "too many loadable segments";
            auto bytes = part_of(file_, segment.offset(rest), segment.file_size(rest));
            if (!bytes || bytes->size() > size) return "a segment reaches beyond the file";
            uint64_t start = segment_physical_address(rest) - image_.paddr_offset + image_.virt_base;
            if (size > largest_kernel || start < image_.virt_base || start - image_.virt_base > largest_kernel)
                return "a segment lies outside the first GiB above the virtual base";
            image_.segments[image_.segment_count++] = {start, size, *bytes};
            image_.kernel_start = std::min(image_.kernel_start, start);
            image_.kernel_end = std::max(image_.kernel_end, start + size);
        }
        return image_.segment_count ? nullptr : "no loadable segment";
    }

    // Behind the kernel, for the BSDs: a size, and an ELF file of nothing but sections: none, symbols, their names.
    void add_symbols() {
        Bytes symbols;
        for (Bytes rest = sections_; symbols.empty() && !rest.empty(); rest = rest.subspan(section.entry_size))
            if (section.type(rest) == section_symbols) symbols = rest.first(section.entry_size);
        Bytes names = section_at(section_link(symbols));
        if (content(symbols, section).empty() || content(names, section).empty()) return;

        constexpr uint64_t size_field = 4, alignment = 8;
        uint64_t start = round_up(image_.kernel_end, alignment);
        auto append = [&](Bytes bytes) {
            uint64_t at = round_up(image_.kernel_end, alignment);
            image_.segments[image_.segment_count++] = {at, bytes.size(), bytes};
            image_.kernel_end = at + bytes.size();
            return at - start - size_field; // in the ELF file
        };
        auto put = [&](uint64_t at, auto value) { memcpy(image_.symbol_headers + at, &value, sizeof(value)); };
        constexpr uint64_t elf = size_field, first = elf + header::size + section.entry_size,
                           second = first + section.entry_size;
        append(image_.symbol_headers);
        memcpy(image_.symbol_headers + elf, file_.data(), header::size);
        put(elf + header::segments.offset, uint64_t{0});
        put(elf + header::segment_count.offset, uint16_t{0});
        put(elf + header::sections.offset, header::size);
        put(elf + header::section_count.offset, uint16_t{3});
        put(elf + header::names.offset, uint16_t{0});
        memcpy(image_.symbol_headers + first, symbols.data(), section.entry_size);
        put(first + section.offset.offset, append(content(symbols, section)));
        put(first + section_link.offset, uint32_t{2});
        memcpy(image_.symbol_headers + second, names.data(), section.entry_size);
        put(second + section.offset.offset, append(content(names, section)));
        put(0, static_cast<uint32_t>(image_.kernel_end - start - size_field));
    }

    const char* check_extent() {
        uint64_t end = round_up(image_.kernel_end, page_size), page = image_.hypercall_page, p2m = image_.init_p2m;
        if (!is_guest_address(image_.virt_base) || end <= image_.kernel_start || !is_guest_address(end))
            return "the kernel does not lie in guest addresses";
        if (page != PvImage::no_address && (page % page_size || page < image_.kernel_start || page >= end))
            return "the hypercall page lies outside the kernel";
        if (p2m != PvImage::no_address && (p2m % page_size || !is_guest_address(p2m)))
            return "the requested p2m address is not a page-aligned guest address";
        return nullptr;
    }

    Bytes file_;
    PvImage& image_;
    Bytes segments_; // the program headers
    Bytes sections_; // the section headers; empty if there are none
    bool found_xen_notes_ = false, wants_symbols_ = false;
};

} // namespace

const char* read_pv_image(Bytes file, PvImage& image) { return Reader(file, image).read(); }

// --- layout ---

uint64_t tables_for_range(uint64_t start, uint64_t end) {
    uint64_t tables = 0;
    for (unsigned shift : {level_shift(2), level_shift(3), level_shift(4)}) // what a table of level 1, 2, 3 covers
        tables += ((end - 1) >> shift) - (start >> shift) + 1;
    return tables;
}

Result<FirstDomainLayout> plan_first_domain(const PvImage& image, uint64_t memory_frames, uint64_t module_bytes) {
    constexpr uint64_t region_alignment = (4ull << 20) >> page_shift; // frames
    constexpr uint64_t least_padding = (512ull << 10) >> page_shift;
    FirstDomainLayout layout;
    layout.virt_base = image.virt_base;
    layout.modules_unmapped = image.mod_start_pfn && module_bytes > 0;
    layout.p2m_virt = image.init_p2m == PvImage::no_address ? 0 : image.init_p2m;
    uint64_t p2m_frames = pages_for(memory_frames * sizeof(uint64_t));

    // One piece after the other.
    uint64_t next = pages_for(image.kernel_end - image.virt_base);
    auto take = [&](uint64_t frames) { return FirstDomainLayout::Piece{std::exchange(next, next + frames), frames}; };
    if (!layout.modules_unmapped) layout.modules = take(pages_for(module_bytes));
    if (!layout.p2m_virt) layout.p2m = take(p2m_frames);
    layout.start_info = take(1);

    // The tables map themselves too: grow the region until they cover it.
    uint64_t tables_at = next;
    for (uint64_t needed = 1; layout.page_tables.frames < needed;) {
        next = tables_at;
        layout.page_tables = take(needed);
        layout.stack = take(1);
        layout.region_frames = round_up(next + least_padding, region_alignment);
        needed = tables_for_range(layout.virt_base, layout.virt(layout.region_frames)) + 1; // and the L4
    }

    next = layout.region_frames;
    if (layout.modules_unmapped) layout.modules = take(pages_for(module_bytes));
    if (layout.p2m_virt) {
        layout.p2m_tables = take(tables_for_range(layout.p2m_virt, layout.p2m_virt + (p2m_frames << page_shift)));
        layout.p2m = take(p2m_frames);
    }
    layout.needed_frames = next;
    if (layout.needed_frames > memory_frames) return Error::no_memory;
    return layout;
}

} // namespace skerry
