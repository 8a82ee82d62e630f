// SPDX-License-Identifier: MIT
// Composes PV ELF files for the tests.
#pragma once

#include "builder-domain/image/pv_image.h"

#include <elf.h>
#include <xen/elfnote.h>

#include <cstring>
#include <string>
#include <vector>

namespace skerry::builder {

struct ElfFile {
    struct Load {
        uint64_t address;
        std::string data;
        uint64_t size;
    };
    std::vector<Load> loads;
    std::string notes;
    uint64_t entry = 0;
    uint16_t type = ET_EXEC, machine = EM_X86_64;

    void note(uint32_t kind, const std::string& data, const std::string& owner = std::string("Xen\0", 4)) {
        uint32_t header[3] = {static_cast<uint32_t>(owner.size()), static_cast<uint32_t>(data.size()), kind};
        notes.append(reinterpret_cast<char*>(header), sizeof(header));
        notes += owner;
        notes.resize((notes.size() + 3) & ~size_t{3});
        notes += data;
        notes.resize((notes.size() + 3) & ~size_t{3});
    }
    void note(uint32_t kind, uint64_t number) {
        note(kind, std::string(reinterpret_cast<char*>(&number), sizeof(number)));
    }

    std::string file() const {
        std::vector<Elf64_Phdr> programs;
        std::string data;
        size_t offset = sizeof(Elf64_Ehdr) + (loads.size() + 1) * sizeof(Elf64_Phdr);
        auto add = [&](uint32_t kind, uint64_t address, const std::string& bytes, uint64_t size) {
            Elf64_Phdr program{};
            program.p_type = kind;
            program.p_offset = offset + data.size();
            program.p_vaddr = program.p_paddr = address;
            program.p_filesz = bytes.size();
            program.p_memsz = size;
            programs.push_back(program);
            data += bytes;
        };
        for (const Load& load : loads) add(PT_LOAD, load.address, load.data, load.size);
        add(PT_NOTE, 0, notes, 0);
        Elf64_Ehdr header{};
        std::memcpy(header.e_ident, ELFMAG, SELFMAG);
        header.e_ident[EI_CLASS] = ELFCLASS64;
        header.e_ident[EI_DATA] = ELFDATA2LSB;
        header.e_type = type;
        header.e_machine = machine;
        header.e_entry = entry;
        header.e_phoff = sizeof(header);
        header.e_phentsize = sizeof(Elf64_Phdr);
        header.e_phnum = static_cast<uint16_t>(programs.size());
        return std::string(reinterpret_cast<char*>(&header), sizeof(header)) +
               std::string(reinterpret_cast<char*>(programs.data()), programs.size() * sizeof(Elf64_Phdr)) + data;
    }
};

// A small kernel: one page of code with a hypercall page behind it, and cleared data.
inline ElfFile small_kernel(uint64_t virt_base = 0xffffffff80000000) {
    ElfFile elf;
    elf.loads = {{virt_base + 0x1000, std::string(5000, 'K'), 0x5000}};
    elf.entry = virt_base + 0x1000;
    elf.note(XEN_ELFNOTE_VIRT_BASE, virt_base);
    elf.note(XEN_ELFNOTE_PADDR_OFFSET, virt_base);
    elf.note(XEN_ELFNOTE_LOADER, std::string("generic\0", 8));
    elf.note(XEN_ELFNOTE_HYPERCALL_PAGE, virt_base + 0x2000);
    return elf;
}

inline Bytes bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

} // namespace skerry::builder
