// SPDX-License-Identifier: MIT
#include "elf_notes.h"

#include <string_view>

#include <xen/elfnote.h>
#include <xen/features.h>

namespace skerry::start_in_place {
namespace {

constexpr std::string_view note_name = "Xen";

struct NoteHeader {
    std::uint32_t name_bytes, value_bytes, type;
};

constexpr std::uint64_t align4(std::uint64_t value) { return (value + 3) & ~std::uint64_t{3}; }

// The notes as they stand in the file, before anything is concluded from them.
struct RawNotes {
    bool any = false;
    std::optional<std::uint64_t> entry, hypercall_page, virt_base, paddr_offset, init_p2m, mod_start_pfn;
    std::string_view loader, xen_version, features, bsd_symtab;
};

// Numbers are 4 or 8 bytes, by the kernel's choice.
std::optional<std::uint64_t> number(Bytes value) {
    std::uint64_t wide;
    std::uint32_t narrow;
    if (value.size() == sizeof(wide) && value.read(0, wide)) return wide;
    if (value.size() == sizeof(narrow) && value.read(0, narrow)) return narrow;
    return std::nullopt;
}

std::string_view text(Bytes value) {
    std::string_view all(reinterpret_cast<const char*>(value.data()), value.size());
    return all.substr(0, all.find('\0'));
}

Result<void> take_number(std::optional<std::uint64_t>& into, Bytes value, std::uint64_t where) {
    into = number(value);
    if (!into) return Failure{"Xen note: a number that is neither 4 nor 8 bytes, in the note at", where};
    return {};
}

Result<void> take_note(RawNotes& notes, std::uint32_t type, Bytes value, std::uint64_t where) {
    notes.any = true;
    switch (type) {
    case XEN_ELFNOTE_ENTRY: return take_number(notes.entry, value, where);
    case XEN_ELFNOTE_HYPERCALL_PAGE: return take_number(notes.hypercall_page, value, where);
    case XEN_ELFNOTE_VIRT_BASE: return take_number(notes.virt_base, value, where);
    case XEN_ELFNOTE_PADDR_OFFSET: return take_number(notes.paddr_offset, value, where);
    case XEN_ELFNOTE_INIT_P2M: return take_number(notes.init_p2m, value, where);
    case XEN_ELFNOTE_MOD_START_PFN: return take_number(notes.mod_start_pfn, value, where);
    case XEN_ELFNOTE_LOADER: notes.loader = text(value); return {};
    case XEN_ELFNOTE_XEN_VERSION: notes.xen_version = text(value); return {};
    case XEN_ELFNOTE_FEATURES: notes.features = text(value); return {};
    case XEN_ELFNOTE_BSD_SYMTAB: notes.bsd_symtab = text(value); return {};
    default: // informative, or of no concern to a loader of 64-bit PV kernels
        return {};
    }
}

// Name and value are each padded to four bytes.
Result<void> read_range(RawNotes& notes, Bytes file, ByteRange range) {
    const Bytes bytes = file.slice(range.offset, range.bytes);
    std::uint64_t at = 0;
    NoteHeader header;
    while (bytes.read(at, header)) {
        const std::uint64_t name_at = at + sizeof(header);
        const std::uint64_t value_at = name_at + align4(header.name_bytes);
        if (!bytes.contains(value_at, header.value_bytes))
            return Failure{"ELF note: reaches beyond its segment; file offset", range.offset + at};
        const std::string_view name(reinterpret_cast<const char*>(bytes.data()) + name_at, header.name_bytes);
        if (name.substr(0, name.find('\0')) == note_name) {
            const Bytes value = bytes.slice(value_at, header.value_bytes);
            if (Result<void> taken = take_note(notes, header.type, value, range.offset + at); !taken) return taken;
        }
        at = value_at + align4(header.value_bytes);
    }
    return {};
}

constexpr std::string_view known_features[] = {"writable_page_tables", "writable_descriptor_tables",
                                               "pae_pgdir_above_4gb", "dom0"};
constexpr std::string_view optional_features[] = {"auto_translated_physmap", "supervisor_mode_kernel",
                                                  "hvm_callback_vector"};

bool known(std::string_view feature) {
    for (std::string_view name : known_features)
        if (name == feature) return true;
    return false;
}

// "!name" is required, "name" wished for; separated by '|'. What a PV platform cannot be may be wished for, not
// required.
Result<void> check_features(std::string_view list) {
    while (!list.empty()) {
        const std::size_t bar = list.find('|');
        std::string_view feature = list.substr(0, bar);
        list = bar == std::string_view::npos ? std::string_view() : list.substr(bar + 1);
        if (feature.starts_with('!') && !known(feature.substr(1))) {
            for (std::string_view name : optional_features)
                if (name == feature.substr(1))
                    return Failure{"Xen note FEATURES: requires a feature that PV domains do not have; length",
                                   feature.size()};
            return Failure{"Xen note FEATURES: requires an unknown feature; length of its name", feature.size()};
        }
    }
    return {};
}

Result<void> check_compatibility(const RawNotes& notes) {
    if (!notes.any) return Failure{"no Xen ELF notes: not a kernel for PV domains; notes", 0};
    if (!notes.loader.empty() && !notes.loader.starts_with("generic"))
        return Failure{"Xen note LOADER: not \"generic\"; length", notes.loader.size()};
    if (!notes.xen_version.empty() && !notes.xen_version.starts_with("xen-3.0"))
        return Failure{"Xen note XEN_VERSION: not \"xen-3.0\"; length", notes.xen_version.size()};
    return check_features(notes.features);
}

bool canonical(std::uint64_t address) {
    const std::int64_t top = static_cast<std::int64_t>(address) >> 47;
    return top == 0 || top == -1;
}

Result<void> check_addresses(const Kernel& kernel) {
    if (kernel.virt_base % page_bytes != 0)
        return Failure{"Xen note VIRT_BASE: not on a page boundary:", kernel.virt_base};
    if (kernel.virt_start < kernel.virt_base || kernel.virt_end <= kernel.virt_start)
        return Failure{"kernel lies outside the address space that its notes describe; it would start at",
                       kernel.virt_start};
    if (!canonical(kernel.virt_base) || !canonical(kernel.virt_end - 1) ||
        (kernel.virt_base ^ (kernel.virt_end - 1)) >> 63 != 0)
        return Failure{"kernel at non-canonical addresses; it would start at", kernel.virt_start};
    if (kernel.entry < kernel.virt_start || kernel.entry >= kernel.virt_end)
        return Failure{"entry point outside the kernel:", kernel.entry};
    if (kernel.hypercall_page &&
        (*kernel.hypercall_page % page_bytes != 0 || *kernel.hypercall_page < kernel.virt_start ||
         *kernel.hypercall_page > kernel.virt_end - 1 || kernel.virt_end - *kernel.hypercall_page < page_bytes))
        return Failure{"hypercall page outside the kernel or not on a page boundary:", *kernel.hypercall_page};
    return {};
}

} // namespace

Result<Kernel> read_notes(Bytes file, const ElfImage& image) {
    RawNotes notes;
    for (unsigned i = 0; i < image.note_count; ++i)
        if (Result<void> read = read_range(notes, file, image.notes[i]); !read) return read.failure();
    if (Result<void> compatible = check_compatibility(notes); !compatible) return compatible.failure();

    Kernel kernel;
    kernel.image = image;
    kernel.virt_base = notes.virt_base.value_or(0);
    kernel.virt_offset = kernel.virt_base - notes.paddr_offset.value_or(0); // both default to 0
    kernel.virt_start = image.physical_start + kernel.virt_offset;
    kernel.virt_end = image.physical_end + kernel.virt_offset;
    kernel.entry = notes.entry.value_or(image.entry);
    kernel.hypercall_page = notes.hypercall_page;
    kernel.ramdisk_by_frame = (notes.mod_start_pfn.value_or(0) & 1) != 0;
    kernel.wants_symbols = notes.bsd_symtab == "yes";
    if (notes.init_p2m && *notes.init_p2m % page_bytes == 0 && *notes.init_p2m < kernel.virt_base)
        kernel.p2m_base = notes.init_p2m;
    if (Result<void> checked = check_addresses(kernel); !checked) return checked.failure();
    return kernel;
}

} // namespace skerry::start_in_place
