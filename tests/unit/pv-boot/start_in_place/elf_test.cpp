// SPDX-License-Identifier: MIT
#include "tests/unit/pv-boot/test_kernel.h"

#include "stubdoms/pv-boot/start_in_place/elf_notes.h"

#include <gtest/gtest.h>

namespace skerry::start_in_place {
namespace {

using test::File;
using test::put;
using test::TestKernel;

Bytes view(const File& file) { return Bytes(std::span<const std::byte>(file)); }

Result<Kernel> load(const File& file) {
    Result<ElfImage> image = ElfImage::parse(view(file));
    if (!image) return image.failure();
    return read_notes(view(file), *image);
}

std::string complaint(const File& file) {
    const Result<Kernel> kernel = load(file);
    return kernel ? "" : kernel.failure().what;
}

TEST(Elf, LinuxLikeKernel) {
    const File file = TestKernel::like_linux().file();
    const Result<Kernel> kernel = load(file);
    ASSERT_TRUE(kernel) << kernel.failure().what;
    EXPECT_EQ(kernel->image.segment_count, 2u);
    EXPECT_EQ(kernel->virt_base, 0xffffffff80000000u);
    EXPECT_EQ(kernel->virt_start, 0xffffffff81000000u);
    EXPECT_EQ(kernel->virt_end, 0xffffffff8100a000u);
    EXPECT_EQ(kernel->entry, 0xffffffff81000040u);
    EXPECT_EQ(kernel->hypercall_page, 0xffffffff81001000u);
    EXPECT_EQ(kernel->p2m_base, 0x8000000000u);
    EXPECT_TRUE(kernel->ramdisk_by_frame);
}

TEST(Elf, UnikernelDefaults) {
    const Result<Kernel> kernel = load(TestKernel::like_unikernel().file());
    ASSERT_TRUE(kernel) << kernel.failure().what;
    EXPECT_EQ(kernel->virt_base, 0u);
    EXPECT_EQ(kernel->entry, 0x400000u);
    EXPECT_FALSE(kernel->hypercall_page);
    EXPECT_FALSE(kernel->p2m_base);
    EXPECT_FALSE(kernel->ramdisk_by_frame);
}

TEST(Elf, PaddrOffsetMovesTheImage) {
    TestKernel test = TestKernel::like_unikernel();
    test.note(XEN_ELFNOTE_VIRT_BASE, std::uint64_t{0x40'0000});
    test.note(XEN_ELFNOTE_PADDR_OFFSET, std::uint64_t{0x40'0000});
    const Result<Kernel> kernel = load(test.file());
    ASSERT_TRUE(kernel) << kernel.failure().what;
    EXPECT_EQ(kernel->virt_base, 0x400000u);
    EXPECT_EQ(kernel->virt_start, 0x400000u);
}

TEST(Elf, NotesInASection) {
    TestKernel test = TestKernel::like_linux();
    test.notes_as_section = true;
    const Result<Kernel> kernel = load(test.file());
    ASSERT_TRUE(kernel) << kernel.failure().what;
    EXPECT_TRUE(kernel->p2m_base);
}

TEST(Elf, ForeignNotesAreIgnored) {
    TestKernel test = TestKernel::like_linux();
    const std::uint64_t value = 1;
    test.note(XEN_ELFNOTE_VIRT_BASE, std::as_bytes(std::span(&value, 1)), "GNU");
    test.note(XEN_ELFNOTE_VIRT_BASE, std::as_bytes(std::span(&value, 1)), "Xenon");
    EXPECT_EQ(complaint(test.file()), "");
}

TEST(Elf, HeaderIsChecked) {
    const auto spoilt = [](auto spoil) {
        TestKernel test = TestKernel::like_linux();
        spoil(test);
        return complaint(test.file());
    };
    EXPECT_NE(spoilt([](TestKernel& k) { k.elf_class = 1; }), "");
    EXPECT_NE(spoilt([](TestKernel& k) { k.machine = 3; }), "");
    EXPECT_NE(spoilt([](TestKernel& k) { k.type = 1; }), "");
    EXPECT_NE(spoilt([](TestKernel& k) { k.loads.clear(); }), "");
    EXPECT_NE(complaint(File(10)), "");
    EXPECT_NE(complaint(File()), "");
}

TEST(Elf, SegmentsAreChecked) {
    const std::uint64_t second = TestKernel::program_header_at(1);
    const auto spoilt = [&](std::uint64_t offset, std::uint64_t value) {
        File file = TestKernel::like_linux().file();
        put(file, second + offset, value);
        return complaint(file);
    };
    EXPECT_NE(spoilt(8, ~0ull), "");                      // offset
    EXPECT_NE(spoilt(32, 0x10000), "");                   // more in the file than in memory
    EXPECT_NE(spoilt(24, TestKernel::default_start), ""); // on top of the first
    EXPECT_NE(spoilt(24, 0x100'4fff), "");                // one byte of it
    EXPECT_NE(spoilt(24, ~0ull - 10), "");                // wraps
    EXPECT_NE(spoilt(40, ~0ull), "");                     // memory size wraps
    EXPECT_NE(spoilt(24, 0x1'0000'0000'0000), "");        // leaves the canonical addresses
}

TEST(Elf, EveryTruncationFailsCleanly) {
    const File whole = TestKernel::like_linux(0x400).file();
    for (std::size_t size = 0; size < whole.size(); size += size < 0x200 ? 1 : 37) {
        const File part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_NE(complaint(part), "") << size;
    }
}

TEST(Notes, AreChecked) {
    const auto with = [](auto add) {
        TestKernel test = TestKernel::like_linux();
        add(test);
        return complaint(test.file());
    };
    EXPECT_EQ(with([](TestKernel&) {}), "");
    EXPECT_NE(with([](TestKernel& k) { k.notes.clear(); }), "");
    EXPECT_NE(with([](TestKernel& k) { k.note(XEN_ELFNOTE_LOADER, "lilo"); }), "");
    EXPECT_NE(with([](TestKernel& k) { k.note(XEN_ELFNOTE_XEN_VERSION, "xen-2.0"); }), "");
    EXPECT_NE(with([](TestKernel& k) { k.note(XEN_ELFNOTE_FEATURES, "pae|!auto_translated_physmap"); }), "");
    EXPECT_NE(with([](TestKernel& k) { k.note(XEN_ELFNOTE_FEATURES, "!no_such_thing"); }), "");
    EXPECT_EQ(with([](TestKernel& k) { k.note(XEN_ELFNOTE_FEATURES, "no_such_thing|auto_translated_physmap"); }), "");
    EXPECT_NE(with([](TestKernel& k) { k.note(XEN_ELFNOTE_VIRT_BASE, "odd"); }), "");
    EXPECT_NE(with([](TestKernel& k) { k.note(XEN_ELFNOTE_VIRT_BASE, TestKernel::default_base + 1); }), "");
    EXPECT_NE(with([](TestKernel& k) { k.note(XEN_ELFNOTE_ENTRY, TestKernel::default_base); }), "");
    EXPECT_NE(with([](TestKernel& k) { k.note(XEN_ELFNOTE_ENTRY, TestKernel::default_base + 0x100'a000); }), "");
    EXPECT_NE(with([](TestKernel& k) { k.note(XEN_ELFNOTE_HYPERCALL_PAGE, TestKernel::default_base + 0x100'0800); }),
              "");
    EXPECT_NE(with([](TestKernel& k) { k.note(XEN_ELFNOTE_HYPERCALL_PAGE, TestKernel::default_base + 0x100'a000); }),
              "");
    EXPECT_NE(with([](TestKernel& k) { k.note(XEN_ELFNOTE_HYPERCALL_PAGE, std::uint64_t{0}); }), "");
    EXPECT_NE(with([](TestKernel& k) { k.note(XEN_ELFNOTE_PADDR_OFFSET, std::uint64_t{0x200'0000}); }),
              ""); // below the base
}

TEST(Notes, ReachingBeyondTheirSegment) {
    TestKernel test = TestKernel::like_linux();
    put(test.notes, 4, std::uint32_t{0xffff'fff0}); // size of the first value
    EXPECT_NE(complaint(test.file()), "");
    test = TestKernel::like_linux();
    put(test.notes, 0, std::uint32_t{0xffff'fffd}); // of its name: rounding up must not wrap
    EXPECT_NE(complaint(test.file()), "");
}

TEST(Notes, P2mAddressThatCannotBeIsIgnored) {
    for (std::uint64_t address : {TestKernel::default_base, std::uint64_t{0x80'0000'0008}, ~std::uint64_t{0xfff}}) {
        TestKernel test = TestKernel::like_linux();
        test.note(XEN_ELFNOTE_INIT_P2M, address);
        const Result<Kernel> kernel = load(test.file());
        ASSERT_TRUE(kernel);
        EXPECT_TRUE(!kernel->p2m_base || *kernel->p2m_base == 0x80'0000'0000) << std::hex << address;
    }
}

} // namespace
} // namespace skerry::start_in_place
