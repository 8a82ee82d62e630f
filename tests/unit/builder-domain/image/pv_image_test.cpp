// SPDX-License-Identifier: MIT
#include "tests/unit/builder-domain/elf_file.h"

#include <gtest/gtest.h>

namespace skerry::builder {
namespace {

std::string error_of(const ElfFile& elf) {
    std::string file = elf.file();
    auto image = read_pv_image(bytes_of(file));
    return image.ok() ? "" : std::string(image.failure().text());
}

TEST(PvImage, ReadsSegmentsAndNotes) {
    ElfFile elf = small_kernel();
    elf.note(XEN_ELFNOTE_INIT_P2M, 0x8000000000);
    elf.note(XEN_ELFNOTE_MOD_START_PFN, std::string("\1\0\0\0", 4));
    elf.note(XEN_ELFNOTE_ENTRY, 0xffffffff80001234);
    std::string file = elf.file();
    auto read = read_pv_image(bytes_of(file));
    ASSERT_TRUE(read.ok()) << read.failure().text();
    const PvImage& image = read.value();
    EXPECT_EQ(image.virt_base, 0xffffffff80000000u);
    EXPECT_EQ(image.first_address, 0xffffffff80001000u);
    EXPECT_EQ(image.end_address, 0xffffffff80006000u);
    EXPECT_EQ(image.entry, 0xffffffff80001234u);
    EXPECT_EQ(image.hypercall_page, 0xffffffff80002000u);
    EXPECT_EQ(image.p2m_address, 0x8000000000u);
    EXPECT_TRUE(image.module_as_pages);
    ASSERT_EQ(image.segments.size(), 1u);
    EXPECT_EQ(image.segments[0].bytes.size(), 5000u);
    EXPECT_EQ(image.segments[0].size, 0x5000u);
}

TEST(PvImage, PhysicalAddressesAreFromVirtBaseWithoutPaddrOffset) {
    ElfFile elf;
    elf.loads = {{0x1000000, "code", 0x1000}};
    elf.note(XEN_ELFNOTE_VIRT_BASE, 0xffffffff80000000);
    elf.note(XEN_ELFNOTE_ENTRY, 0xffffffff81000000);
    std::string file = elf.file();
    auto read = read_pv_image(bytes_of(file));
    ASSERT_TRUE(read.ok()) << read.failure().text();
    EXPECT_EQ(read.value().first_address, 0xffffffff81000000u);
}

TEST(PvImage, RefusesWhatIsNoKernel) {
    std::string bzimage(4096, '\0');
    EXPECT_FALSE(read_pv_image(bytes_of(bzimage)).ok());
    EXPECT_FALSE(read_pv_image({}).ok());
    ElfFile elf = small_kernel();
    elf.notes.clear();
    EXPECT_EQ(error_of(elf), "it has no Xen ELF notes: it is no PV kernel");
    elf.note(XEN_ELFNOTE_LOADER, std::string("generic\0", 8), std::string("GNU\0", 4));
    EXPECT_EQ(error_of(elf), "it has no Xen ELF notes: it is no PV kernel");
    elf = small_kernel();
    elf.type = ET_DYN;
    EXPECT_NE(error_of(elf), "");
    elf = small_kernel();
    elf.machine = EM_386;
    EXPECT_NE(error_of(elf), "");
}

TEST(PvImage, RefusesAddressesOutsideTheImage) {
    ElfFile elf = small_kernel();
    elf.note(XEN_ELFNOTE_ENTRY, 0xffffffff80006000);
    EXPECT_NE(error_of(elf).find("its entry"), std::string::npos);
    elf = small_kernel();
    elf.note(XEN_ELFNOTE_HYPERCALL_PAGE, 0xffffffff80001010);
    EXPECT_NE(error_of(elf).find("its hypercall page"), std::string::npos);
    elf = small_kernel();
    elf.note(XEN_ELFNOTE_HYPERCALL_PAGE, 0xffffffff80006000);
    EXPECT_NE(error_of(elf).find("its hypercall page"), std::string::npos);
    elf = small_kernel();
    elf.note(XEN_ELFNOTE_VIRT_BASE, 0xffffffff90000000);
    elf.note(XEN_ELFNOTE_PADDR_OFFSET, 0xffffffff90000000);
    EXPECT_NE(error_of(elf).find("outside the region"), std::string::npos);
    elf = small_kernel();
    elf.note(XEN_ELFNOTE_VIRT_BASE, 0xffffffff80000800);
    EXPECT_NE(error_of(elf), "");
}

TEST(PvImage, RefusesImpossibleSegments) {
    ElfFile elf = small_kernel();
    elf.loads[0].size = 10; // less than the file holds
    EXPECT_NE(error_of(elf).find("impossible size"), std::string::npos);
    elf = small_kernel();
    elf.loads[0].size = ~uint64_t{0} - 0x1000;
    EXPECT_NE(error_of(elf).find("impossible size"), std::string::npos);
    elf = small_kernel();
    for (int i = 0; i < 17; ++i) elf.loads.push_back(elf.loads[0]);
    EXPECT_NE(error_of(elf).find("more than 16"), std::string::npos);
}

TEST(PvImage, RefusesWrongNotes) {
    ElfFile elf = small_kernel();
    elf.note(XEN_ELFNOTE_ENTRY, "abc");
    EXPECT_NE(error_of(elf).find("should be a number"), std::string::npos);
    elf = small_kernel();
    elf.note(XEN_ELFNOTE_LOADER, std::string("special\0", 8));
    EXPECT_NE(error_of(elf).find("wants the loader `special`"), std::string::npos);
    elf = small_kernel();
    elf.notes[4] = '\xff'; // the first note's data reaches far beyond
    elf.notes[7] = '\x7f';
    EXPECT_NE(error_of(elf).find("cut off"), std::string::npos);
}

TEST(PvImage, EveryCutIsRefusedOrHarmless) {
    const std::string file = small_kernel().file();
    for (size_t size = 0; size < file.size(); size += size < 300 ? 1 : 37) {
        std::vector<char> cut(file.begin(), file.begin() + static_cast<long>(size));
        EXPECT_FALSE(read_pv_image(Bytes{reinterpret_cast<std::byte*>(cut.data()), cut.size()}).ok()) << size;
    }
}

} // namespace
} // namespace skerry::builder
