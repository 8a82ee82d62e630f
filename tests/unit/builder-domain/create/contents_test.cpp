// SPDX-License-Identifier: MIT
// A domain's memory and first vCPU, read back as its guest would see them.
#include "builder-domain/create/contents.h"
#include "tests/unit/builder-domain/elf_file.h"
#include "tests/unit/builder-domain/fake_hypervisor.h"

#include <gtest/gtest.h>

namespace skerry::builder {
namespace {

class ContentsTest : public ::testing::Test {
  protected:
    // Builds a domain of that image; the description's module names are those of modules_.
    Status build(const ElfFile& elf, DomainDescription description) {
        file_ = elf.file();
        description.name = "test";
        auto image = read_pv_image(bytes_of(file_));
        BUILDER_TRY(image);
        auto payload = Payload::of(description, modules_);
        BUILDER_TRY(payload);
        BUILDER_TRY(domain_.create(description, DomId(0)));
        const auto console = domain_.plan_channel(DomId(7)), store = domain_.plan_channel(DomId(8));
        BUILDER_TRY(fill_domain(hypervisor_, domain_.id(),
                                {.image = image.value(),
                                 .payload = payload.value(),
                                 .cmdline = description.cmdline,
                                 .memory_pages = description.memory_pages,
                                 .console = {DomId(7), console},
                                 .store = {DomId(8), store}}));
        info_ = hypervisor_.read_as<start_info_t>(id(), built().context.user_regs.rsi);
        return {};
    }
    domid_t id() const { return domain_.id().value; }
    const FakeHypervisor::Domain& built() const { return hypervisor_.domains.at(id()); }
    uint64_t frame_at(uint64_t address) const {
        return (hypervisor_.entry_for(id(), address) & 0x000ffffffffff000) >> 12;
    }
    std::string pages(uint64_t first, size_t bytes) const {
        std::string text;
        for (; text.size() < bytes; ++first)
            text.append(reinterpret_cast<const char*>(hypervisor_.frame(built().p2m[first]).data()), 4096);
        return text.substr(0, bytes);
    }

    FakeHypervisor hypervisor_;
    ModuleSet modules_;
    NewDomain domain_{hypervisor_};
    std::string file_;
    start_info_t info_{};
};

std::string text_of(const Status& status) { return status.ok() ? "" : std::string(status.failure().text()); }

DomainDescription described(uint64_t pages) {
    DomainDescription description;
    description.memory_pages = pages;
    description.cmdline = "some words";
    return description;
}

constexpr uint64_t base = 0xffffffff80000000;

TEST_F(ContentsTest, GuestFindsWhatTheAbiPromises) {
    ASSERT_EQ(text_of(build(small_kernel(), described(1024))), "");
    const auto& context = built().context;
    EXPECT_EQ(context.user_regs.rip, base + 0x1000);
    EXPECT_EQ(context.user_regs.rsp % 4096, 0u);
    EXPECT_EQ(context.flags, static_cast<unsigned long>(VGCF_in_kernel | VGCF_online));
    EXPECT_EQ(hypervisor_.read(id(), base + 0x1000, 5000), std::string(5000, 'K'));
    EXPECT_EQ(hypervisor_.read(id(), base + 0x1000 + 5000, 0x5000 - 5000), std::string(0x5000 - 5000, '\0'));
    EXPECT_EQ(built().hypercall_page, frame_at(base + 0x2000));

    EXPECT_STREQ(info_.magic, "xen-3.0-x86_64");
    EXPECT_EQ(info_.nr_pages, 1024u);
    EXPECT_EQ(info_.shared_info, built().shared_info << 12);
    EXPECT_EQ(info_.flags, 0u);
    EXPECT_EQ(info_.mod_len, 0u);
    EXPECT_STREQ(reinterpret_cast<char*>(info_.cmd_line), "some words");
    EXPECT_EQ(built().pinned, frame_at(info_.pt_base));
    for (uint64_t pfn = 0; pfn < 1024; ++pfn)
        ASSERT_EQ(hypervisor_.read_as<uint64_t>(id(), info_.mfn_list + pfn * 8), built().p2m[pfn]);
    for (uint64_t pfn = 0; pfn < 1024; ++pfn) ASSERT_EQ(frame_at(base + pfn * 4096), built().p2m[pfn]);
    uint64_t table = info_.pt_base;
    for (; table < info_.pt_base + info_.nr_pt_frames * 4096; table += 4096)
        EXPECT_EQ(hypervisor_.entry_for(id(), table) & 2, 0u) << "a page table is writable";
    EXPECT_EQ(hypervisor_.entry_for(id(), table) & 2, 2u);
    EXPECT_EQ(context.user_regs.rsp, table + 4096); // the stack is behind the tables
}

TEST_F(ContentsTest, ConsoleAndStoreAreClearedAndGranted) {
    ASSERT_EQ(text_of(build(small_kernel(), described(1024))), "");
    EXPECT_EQ(info_.console.domU.evtchn, 1u);
    EXPECT_EQ(info_.store_evtchn, 2u);
    const auto* grants = reinterpret_cast<const grant_entry_v1_t*>(hypervisor_.frame(built().grant_frame).data());
    EXPECT_EQ(grants[0].flags, GTF_permit_access);
    EXPECT_EQ(grants[0].domid, 7);
    EXPECT_EQ(grants[0].frame, info_.console.domU.mfn);
    EXPECT_EQ(grants[1].domid, 8);
    EXPECT_EQ(grants[1].frame, info_.store_mfn);
    for (uint64_t mfn : {info_.console.domU.mfn, info_.store_mfn})
        for (std::byte byte : hypervisor_.frame(mfn)) ASSERT_EQ(byte, std::byte{0});
    auto& shared = reinterpret_cast<const shared_info_t&>(hypervisor_.frame(built().shared_info));
    EXPECT_EQ(shared.vcpu_info[0].evtchn_upcall_mask, 1);
    EXPECT_EQ(shared.vcpu_info[31].evtchn_upcall_mask, 1);
}

TEST_F(ContentsTest, BundleTravelsAsItIs) {
    std::string kernel(10000, 'L'), ramdisk(5000, 'R');
    ASSERT_TRUE(modules_.add("vmlinuz", bytes_of(kernel)).ok() && modules_.add("initrd", bytes_of(ramdisk)).ok());
    auto description = described(2048);
    description.loader = "pv-boot";
    description.kernel = "vmlinuz";
    description.ramdisk = "initrd";
    ElfFile elf = small_kernel();
    elf.note(XEN_ELFNOTE_MOD_START_PFN, 1);
    ASSERT_EQ(text_of(build(elf, description)), "");
    EXPECT_EQ(info_.flags, static_cast<uint32_t>(SIF_MOD_START_PFN));
    bundle::BundleHeader header;
    std::string module = pages(info_.mod_start, info_.mod_len);
    std::memcpy(&header, module.data(), sizeof(header));
    EXPECT_EQ(header.magic, bundle::magic);
    EXPECT_EQ(header.total_bytes, info_.mod_len);
    ASSERT_EQ(header.entry_count, 2u);
    EXPECT_EQ(module.substr(sizeof(header), 4096 - sizeof(header)), std::string(4096 - sizeof(header), '\0'));
    EXPECT_EQ(module.substr(header.entries[0].offset, 10000), kernel);
    EXPECT_EQ(module.substr(4096 + 10000, 12288 - 10000), std::string(12288 - 10000, '\0'));
    EXPECT_EQ(module.substr(header.entries[1].offset), ramdisk);
}

TEST_F(ContentsTest, RamdiskOfADirectKernelIsMapped) {
    std::string ramdisk(5000, 'R');
    ASSERT_TRUE(modules_.add("initrd", bytes_of(ramdisk)).ok());
    auto description = described(1024);
    description.ramdisk = "initrd";
    ASSERT_EQ(text_of(build(small_kernel(), description)), "");
    EXPECT_EQ(hypervisor_.read(id(), info_.mod_start, info_.mod_len), ramdisk);
}

TEST_F(ContentsTest, P2mAtItsOwnAddress) {
    ElfFile elf = small_kernel();
    elf.note(XEN_ELFNOTE_INIT_P2M, 0x8000000000);
    ASSERT_EQ(text_of(build(elf, described(2048))), "");
    EXPECT_EQ(info_.mfn_list, 0x8000000000u);
    EXPECT_EQ(info_.nr_p2m_frames, 4u + 3u);
    EXPECT_EQ(built().p2m[info_.first_p2m_pfn], frame_at(0x8000000000));
    for (uint64_t pfn = 0; pfn < 2048; ++pfn)
        ASSERT_EQ(hypervisor_.read_as<uint64_t>(id(), info_.mfn_list + pfn * 8), built().p2m[pfn]);
}

TEST_F(ContentsTest, FragmentedMemoryAndOddSizes) {
    hypervisor_.large_extents = false;
    hypervisor_.scattered = true;
    ASSERT_EQ(text_of(build(small_kernel(), described(1555))), "");
    for (uint64_t pfn = 0; pfn < 1555; ++pfn)
        ASSERT_EQ(hypervisor_.read_as<uint64_t>(id(), info_.mfn_list + pfn * 8), built().p2m[pfn]);
    EXPECT_EQ(hypervisor_.entry_for(id(), base + 1555 * 4096), 0u); // beyond its memory
}

TEST_F(ContentsTest, OutOfMemorySaysHowMuchThereWas) {
    hypervisor_.free_frames = 700;
    EXPECT_EQ(text_of(build(small_kernel(), described(1024))), "allocating memory: 2800K of 4096K were free");
}

TEST(ExtentMap, MergesAndFinds) {
    ExtentMap map;
    ASSERT_TRUE(map.append(Mfn(100), 10).ok());
    ASSERT_TRUE(map.append(Mfn(110), 5).ok());
    for (uint64_t i = 0; i < 1000; ++i) ASSERT_TRUE(map.append(Mfn(10000 - 3 * i), 2).ok());
    EXPECT_EQ(map.pages(), 2015u);
    EXPECT_EQ(map.frame_of(14), Mfn(114));
    EXPECT_EQ(map.frame_of(2014), Mfn(10000 - 3 * 999 + 1));
    EXPECT_EQ(map.frame_of(0), Mfn(100));
    for (uint64_t i = 0; i < 1000; ++i) ASSERT_EQ(map.frame_of(15 + 2 * i), Mfn(10000 - 3 * i));
}

} // namespace
} // namespace skerry::builder
