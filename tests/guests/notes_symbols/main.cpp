// SPDX-License-Identifier: MIT
// A kernel that asks for its symbol table: behind its image stand a size and an ELF file of nothing but symbols.
#include "lib/guest.h"

using namespace skerry::guest;

extern "C" char image_end[];

namespace {

// ELF-64, as far as needed here.
struct [[gnu::packed]] ElfHeader {
    uint8_t identity[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_headers, section_headers;
    uint32_t flags;
    uint16_t size, program_header_size, program_header_count, section_header_size, section_header_count, names;
};
struct [[gnu::packed]] SectionHeader {
    uint32_t name, type;
    uint64_t flags, address, offset, size;
    uint32_t link, info;
    uint64_t alignment, entry_size;
};
struct [[gnu::packed]] SymbolTable {
    uint32_t size; // of all that follows
    ElfHeader header;
};
const SymbolTable& table() { return *reinterpret_cast<const SymbolTable*>(image_end); }

} // namespace

GUEST_CASE(an_elf_header_stands_behind_the_image) {
    EXPECT(table().size > sizeof(ElfHeader));
    EXPECT(memcmp(table().header.identity, "\177ELF\2\1\1", 7) == 0);
    EXPECT(table().header.section_header_count >= 3);
    EXPECT_EQ(table().header.section_header_size, sizeof(SectionHeader));
}
GUEST_CASE(its_sections_hold_symbols_and_their_names) {
    REQUIRE(memcmp(table().header.identity, "\177ELF", 4) == 0);
    const auto* base = reinterpret_cast<const char*>(&table().header);
    const auto* sections = reinterpret_cast<const SectionHeader*>(base + table().header.section_headers);
    const SectionHeader *symbols = nullptr, *names = nullptr;
    for (unsigned i = 0; i < table().header.section_header_count; i++) {
        if (sections[i].type == 2) symbols = &sections[i];
        if (sections[i].type == 3) names = &sections[i];
    }
    REQUIRE(symbols != nullptr && names != nullptr);
    EXPECT(symbols->size > 24 && names->size > 1);
    EXPECT(symbols->offset + symbols->size <= table().size);
    EXPECT(names->offset + names->size <= table().size);
    bool found = false;
    const char* text = base + names->offset;
    for (const char* at = text; at < text + names->size; at += strlen(at) + 1) found |= strcmp(at, "guest_entry") == 0;
    EXPECT(found);
}
GUEST_CASE(nothing_else_begins_before_its_end) {
    EXPECT(boot_info.mfn_list >= reinterpret_cast<unsigned long>(image_end) + table().size);
}
