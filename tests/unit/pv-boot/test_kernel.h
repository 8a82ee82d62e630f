// SPDX-License-Identifier: MIT
// A PV kernel made to measure: an ELF file with the segments and notes that a test wants, each field open to be spoilt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <xen/elfnote.h>

namespace skerry::test {

using File = std::vector<std::byte>;

template <class T> void put(File& file, std::uint64_t offset, const T& value) {
    if (file.size() < offset + sizeof(T)) file.resize(offset + sizeof(T));
    std::memcpy(file.data() + offset, &value, sizeof(T));
}

class TestKernel {
  public:
    static constexpr std::uint64_t default_base = 0xffff'ffff'8000'0000, default_start = 0x100'0000;

    struct Load {
        std::uint64_t offset, physical, file_bytes, memory_bytes;
    };

    std::vector<Load> loads;
    File notes;
    std::uint64_t entry = default_base + default_start;
    std::uint16_t machine = 62, type = 2;
    std::uint8_t elf_class = 2;
    bool notes_as_section = false;

    void note(std::uint32_t type, std::span<const std::byte> value, const std::string& name = "Xen") {
        const auto append = [&](const void* data, std::size_t size) {
            const auto* bytes = static_cast<const std::byte*>(data);
            notes.insert(notes.end(), bytes, bytes + size);
            notes.resize((notes.size() + 3) / 4 * 4);
        };
        const std::uint32_t header[3] = {static_cast<std::uint32_t>(name.size() + 1),
                                         static_cast<std::uint32_t>(value.size()), type};
        append(header, sizeof(header));
        append(name.c_str(), name.size() + 1);
        append(value.data(), value.size());
    }
    void note(std::uint32_t type, std::uint64_t value) { note(type, std::as_bytes(std::span(&value, 1))); }
    void note32(std::uint32_t type, std::uint32_t value) { note(type, std::as_bytes(std::span(&value, 1))); }
    void note(std::uint32_t type, const char* text) {
        note(type, std::as_bytes(std::span(text, std::strlen(text) + 1)));
    }

    /// Two segments and the notes of a Linux kernel; `bytes` of text, then data of the same size whose second half is
    /// bss.
    static TestKernel like_linux(std::uint64_t bytes = 0x5000) {
        TestKernel kernel;
        kernel.loads = {{0x2000, default_start, bytes, bytes},
                        {0x2000 + bytes, default_start + bytes, bytes / 2, bytes}};
        kernel.note(XEN_ELFNOTE_GUEST_OS, "linux");
        kernel.note(XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
        kernel.note(XEN_ELFNOTE_VIRT_BASE, default_base);
        kernel.note(XEN_ELFNOTE_INIT_P2M, 0x80'0000'0000);
        kernel.note(XEN_ELFNOTE_ENTRY, default_base + default_start + 0x40);
        kernel.note(XEN_ELFNOTE_HYPERCALL_PAGE, default_base + default_start + 0x1000);
        kernel.note(XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb");
        kernel.note32(XEN_ELFNOTE_SUPPORTED_FEATURES, 0x8801);
        kernel.note(XEN_ELFNOTE_LOADER, "generic");
        kernel.note32(XEN_ELFNOTE_MOD_START_PFN, 1);
        return kernel;
    }

    /// A small unikernel: mapped ramdisk, p2m inside its region.
    static TestKernel like_unikernel() {
        TestKernel kernel;
        kernel.loads = {{0x1000, 0x40'0000, 0x1800, 0x2800}};
        kernel.entry = 0x40'0000;
        kernel.note(XEN_ELFNOTE_VIRT_BASE, std::uint64_t{0});
        kernel.note(XEN_ELFNOTE_LOADER, "generic");
        kernel.note(XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
        return kernel;
    }

    /// What lies at `offset` of a segment's file bytes: recognisable and never zero.
    static std::byte pattern(std::uint64_t file_offset) {
        return static_cast<std::byte>((file_offset * 31 + (file_offset >> 8) * 7) % 255 + 1);
    }

    File file() const {
        File out(0x40 + (loads.size() + 1) * 56);
        const std::uint8_t ident[16] = {0x7f, 'E', 'L', 'F', elf_class, 1, 1};
        put(out, 0, ident);
        put(out, 16, type);
        put(out, 18, machine);
        put(out, 20, std::uint32_t{1});
        put(out, 24, entry);
        put(out, 32, std::uint64_t{0x40});
        put(out, 52, std::uint16_t{64});
        put(out, 54, std::uint16_t{56});
        put(out, 56, static_cast<std::uint16_t>(loads.size() + (notes_as_section ? 0 : 1)));
        std::uint64_t end = out.size();
        for (const Load& load : loads) {
            if (out.size() < load.offset + load.file_bytes) out.resize(load.offset + load.file_bytes);
            for (std::uint64_t i = 0; i < load.file_bytes; ++i) out[load.offset + i] = pattern(load.offset + i);
        }
        for (std::size_t i = 0; i < loads.size(); ++i) put_program_header(out, i, 1, loads[i]);
        end = out.size();
        out.insert(out.end(), notes.begin(), notes.end());
        if (!notes_as_section) {
            put_program_header(out, loads.size(), 4, {end, 0, notes.size(), notes.size()});
        } else {
            const std::uint64_t table = out.size();
            put(out, 40, table);
            put(out, 58, std::uint16_t{64});
            put(out, 60, std::uint16_t{1});
            put(out, table + 4, std::uint32_t{7});
            put(out, table + 24, end);
            put(out, table + 32, std::uint64_t{notes.size()});
            out.resize(table + 64);
        }
        return out;
    }

    static std::uint64_t program_header_at(std::size_t index) { return 0x40 + index * 56; }

  private:
    static void put_program_header(File& out, std::size_t index, std::uint32_t type, const Load& load) {
        const std::uint64_t at = program_header_at(index);
        put(out, at, type);
        put(out, at + 8, load.offset);
        put(out, at + 24, load.physical);
        put(out, at + 32, load.file_bytes);
        put(out, at + 40, load.memory_bytes);
    }
};

/// A bzImage around `payload` (compressed bytes), with the unpacked size appended.
inline File make_bzimage(const File& payload, std::uint32_t unpacked_bytes, std::uint8_t setup_sectors = 3) {
    File out((1 + setup_sectors) * 512);
    const std::uint32_t offset = 64, length = static_cast<std::uint32_t>(payload.size() + 4);
    put(out, 0x1f1, setup_sectors);
    put(out, 0x202, std::uint32_t{0x53726448});
    put(out, 0x206, std::uint16_t{0x020f});
    put(out, 0x248, offset);
    put(out, 0x24c, length);
    out.resize(out.size() + offset);
    out.insert(out.end(), payload.begin(), payload.end());
    put(out, out.size(), unpacked_bytes);
    out.resize(out.size() + 100); // what follows in a real one is not ours
    return out;
}

} // namespace skerry::test
