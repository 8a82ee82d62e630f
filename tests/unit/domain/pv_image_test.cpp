// SPDX-License-Identifier: MIT
// The reader of the first domain's image: what it takes from a good one, and that a bad one is refused with a reason.
#include "boot/first_domain_plan.h"

#include "arch/x86_64/page_table_entry.h"

#include <cstring>
#include <elf.h>
#include <gtest/gtest.h>
#include <random>
#include <vector>
#include <xen/elfnote.h>

namespace skerry {
namespace {

constexpr uint64_t base = 0xffffffff80000000;

// A small kernel: one loadable segment of 0x3000 bytes (0x100 in the file), and notes.
struct Image {
    struct File {
        Elf64_Ehdr header;
        Elf64_Phdr load, note;
        uint8_t notes[256];
        uint8_t code[0x100];
    };
    std::vector<uint8_t> bytes = std::vector<uint8_t>(sizeof(File));
    size_t note_bytes = 0;

    File& file() { return *reinterpret_cast<File*>(bytes.data()); }

    Image() {
        File& f = file();
        memcpy(f.header.e_ident, ELFMAG, SELFMAG);
        f.header.e_ident[EI_CLASS] = ELFCLASS64;
        f.header.e_ident[EI_DATA] = ELFDATA2LSB;
        f.header.e_ident[EI_VERSION] = EV_CURRENT;
        f.header.e_type = ET_EXEC;
        f.header.e_machine = EM_X86_64;
        f.header.e_entry = base + 0x1000;
        f.header.e_phoff = offsetof(File, load);
        f.header.e_phentsize = sizeof(Elf64_Phdr);
        f.header.e_phnum = 2;
        f.load = {PT_LOAD, PF_R | PF_X, offsetof(File, code), base + 0x1000, 0x1000, sizeof(f.code), 0x3000, 0x1000};
        f.note.p_type = PT_NOTE;
        f.note.p_offset = offsetof(File, notes);
        number(XEN_ELFNOTE_VIRT_BASE, base);
        number(XEN_ELFNOTE_PADDR_OFFSET, 0);
        number(XEN_ELFNOTE_HYPERCALL_PAGE, base + 0x2000);
    }

    void number(uint32_t type, uint64_t value) {
        struct {
            Elf64_Nhdr header;
            char name[4];
            uint64_t value;
        } __attribute__((packed)) note{{4, 8, type}, {'X', 'e', 'n', 0}, value};
        memcpy(file().notes + note_bytes, &note, sizeof(note));
        note_bytes += sizeof(note);
        file().note.p_filesz = note_bytes;
    }

    PvImage read() {
        PvImage image;
        EXPECT_STREQ(read_pv_image(bytes, image), nullptr);
        return image;
    }
    void expect_refused(const char* why) {
        PvImage unused;
        EXPECT_STREQ(read_pv_image(bytes, unused), why);
    }
};

TEST(PvImage, ReadsNotesAndSegments) {
    Image image;
    image.number(XEN_ELFNOTE_INIT_P2M, 0x8000000000);
    image.number(XEN_ELFNOTE_MOD_START_PFN, 1);
    PvImage pv = image.read();
    EXPECT_EQ(pv.virt_base, base);
    EXPECT_EQ(pv.entry, base + 0x1000);
    EXPECT_EQ(pv.hypercall_page, base + 0x2000);
    EXPECT_EQ(pv.init_p2m, 0x8000000000u);
    EXPECT_TRUE(pv.mod_start_pfn);
    ASSERT_EQ(pv.segment_count, 1u);
    EXPECT_EQ(pv.segments[0].virtual_start, base + 0x1000);
    EXPECT_EQ(pv.segments[0].memory_size, 0x3000u);
    EXPECT_EQ(pv.segments[0].bytes.size(), 0x100u);
    EXPECT_EQ(pv.kernel_start, base + 0x1000);
    EXPECT_EQ(pv.kernel_end, base + 0x4000);
}

// The same as text, in a section; and symbols.
TEST(PvImage, ReadsTextAndSymbols) {
    Image image;
    image.file().note.p_type = PT_NULL;
    const std::string text = "XEN_VER=xen-3.0,VIRT_BASE=0xFfffffff80000000,ELF_PADDR_OFFSET=0,HYPERCALL_PAGE=2,"
                             "BSD_SYMTAB=yes";
    const std::string names("\0__xen_guest", 13), symbols(48, 's');
    uint64_t at = sizeof(Image::File);
    auto section = [&](uint32_t name, uint32_t type, const std::string& content, uint32_t link) {
        Elf64_Shdr header{};
        header.sh_name = name;
        header.sh_type = type;
        header.sh_offset = at;
        header.sh_size = content.size();
        header.sh_link = link;
        image.bytes.insert(image.bytes.end(), content.begin(), content.end());
        at += content.size();
        return header;
    };
    const Elf64_Shdr sections[] = {
        {}, section(1, SHT_PROGBITS, text, 0), section(0, SHT_SYMTAB, symbols, 3), section(0, SHT_STRTAB, names, 0)};
    const auto* raw = reinterpret_cast<const uint8_t*>(sections);
    image.bytes.insert(image.bytes.end(), raw, raw + sizeof(sections));
    image.file().header.e_shoff = at;
    image.file().header.e_shnum = 4;
    image.file().header.e_shstrndx = 3;
    PvImage pv = image.read();
    EXPECT_EQ(pv.virt_base, base);
    EXPECT_EQ(pv.hypercall_page, base + 0x2000);
    ASSERT_EQ(pv.segment_count, 4u);
    EXPECT_EQ(pv.segments[1].virtual_start, base + 0x4000);
    EXPECT_EQ(pv.segments[1].bytes.size(), 4 + sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Shdr));
    Elf64_Shdr told[3];
    memcpy(told, pv.segments[1].bytes.data() + 4 + sizeof(Elf64_Ehdr), sizeof(told));
    for (unsigned i : {1u, 2u}) EXPECT_EQ(pv.segments[1 + i].virtual_start, base + 0x4000 + 4 + told[i].sh_offset);
    EXPECT_EQ(told[1].sh_link, 2u);
    EXPECT_EQ(pv.segments[2].bytes.size(), 48u);
    EXPECT_EQ(pv.segments[3].bytes.size(), 13u);
    uint32_t size = 0;
    memcpy(&size, pv.segments[1].bytes.data(), sizeof(size));
    EXPECT_EQ(base + 0x4000 + 4 + size, pv.kernel_end);
}

TEST(PvImage, RefusesWhatIsNotOne) {
    Image wrong_class;
    wrong_class.file().header.e_ident[EI_CLASS] = ELFCLASS32;
    wrong_class.expect_refused("not a little-endian 64-bit ELF file");
    Image wrong_machine;
    wrong_machine.file().header.e_machine = EM_ARM;
    wrong_machine.expect_refused("not an x86-64 executable");
    Image no_notes;
    no_notes.file().note.p_type = PT_NULL;
    no_notes.expect_refused("no Xen ELF notes: not a PV kernel");
    Image no_segments;
    no_segments.file().load.p_type = PT_NULL;
    no_segments.expect_refused("no loadable segment");
}

TEST(PvImage, RefusesRangesOutsideOfTheFileOrTheGuest) {
    Image long_segment;
    long_segment.file().load.p_filesz = 0x10000;
    long_segment.file().load.p_memsz = 0x10000;
    long_segment.expect_refused("a segment reaches beyond the file");
    Image wrapping;
    wrapping.file().load.p_offset = ~uint64_t{0} - 8;
    wrapping.expect_refused("a segment reaches beyond the file");
    Image huge;
    huge.file().load.p_memsz = uint64_t{1} << 40;
    huge.expect_refused("a segment lies outside the first GiB above the virtual base");
    Image far_headers;
    far_headers.file().header.e_phoff = ~uint64_t{0};
    far_headers.expect_refused("program headers reach beyond the file");
    Image stray_page;
    stray_page.number(XEN_ELFNOTE_HYPERCALL_PAGE, base + 0x10000);
    stray_page.expect_refused("the hypercall page lies outside the kernel");
    Image in_hypervisor;
    in_hypervisor.number(XEN_ELFNOTE_VIRT_BASE, 0xffff810000000000);
    in_hypervisor.expect_refused("the kernel does not lie in guest addresses");
}

TEST(PvImage, SurvivesRandomDamage) {
    std::mt19937 random(7);
    for (int round = 0; round < 20000; ++round) {
        Image image;
        for (int i = 0; i < 8; ++i)
            image.bytes[random() % offsetof(Image::File, code)] = static_cast<uint8_t>(random());
        image.bytes.resize(image.bytes.size() - random() % 300);
        PvImage unused;
        const char* reason = read_pv_image(image.bytes, unused);
        if (reason) { EXPECT_STRNE(reason, ""); }
    }
}

TEST(FirstDomainLayout, FollowsTheOrderOfTheAbi) {
    Image image;
    PvImage pv = image.read();
    auto planned = plan_first_domain(pv, 8192, 5000);
    ASSERT_TRUE(planned.ok());
    FirstDomainLayout layout = planned.value();
    EXPECT_EQ(layout.modules.pfn, 4u);
    EXPECT_EQ(layout.modules.frames, 2u);
    EXPECT_EQ(layout.p2m.pfn, 6u);
    EXPECT_EQ(layout.p2m.frames, 16u);
    EXPECT_EQ(layout.start_info.pfn, 22u);
    EXPECT_EQ(layout.page_tables.pfn, 23u);
    EXPECT_EQ(layout.stack.pfn, layout.page_tables.end());
    EXPECT_EQ(layout.region_frames % 1024, 0u) << "a multiple of 4 MiB";
    EXPECT_GE(layout.region_frames - layout.stack.end(), 128u) << "512 KiB of padding";
    EXPECT_GE(layout.page_tables.frames, tables_for_range(base, layout.virt(layout.region_frames)) + 1);
}

TEST(FirstDomainLayout, P2mAndModulesOutsideOfTheRegion) {
    Image image;
    image.number(XEN_ELFNOTE_INIT_P2M, 0x8000000000);
    image.number(XEN_ELFNOTE_MOD_START_PFN, 1);
    auto planned = plan_first_domain(image.read(), 16384, 9 << 20);
    ASSERT_TRUE(planned.ok());
    FirstDomainLayout layout = planned.value();
    EXPECT_TRUE(layout.modules_unmapped);
    EXPECT_EQ(layout.modules.pfn, layout.region_frames);
    EXPECT_EQ(layout.p2m_tables.pfn, layout.modules.end());
    EXPECT_EQ(layout.p2m_tables.frames, 3u);
    EXPECT_EQ(layout.p2m.pfn, layout.p2m_tables.end());
    EXPECT_EQ(layout.needed_frames, layout.p2m.end());
}

TEST(FirstDomainLayout, SaysWhenItDoesNotFit) {
    Image image;
    EXPECT_EQ(plan_first_domain(image.read(), 1023, 0).error(), Error::no_memory);
    EXPECT_TRUE(plan_first_domain(image.read(), 1024, 0).ok());
    EXPECT_EQ(plan_first_domain(image.read(), 1024, 8 << 20).error(), Error::no_memory);
}

} // namespace
} // namespace skerry
