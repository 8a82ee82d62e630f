// SPDX-License-Identifier: MIT
// The whole way on the host: a kernel is "started" in a domain of arrays, and what it would see is read back through
// its own page tables.
#include "stubdoms/pv-boot/start_in_place/start_in_place.h"

#include "tests/unit/pv-boot/compressed_samples.h"
#include "tests/unit/pv-boot/fake_domain.h"
#include "tests/unit/pv-boot/test_kernel.h"

#include "stubdoms/pv-boot/start_in_place/page_tables.h"

#include <set>

#include <gtest/gtest.h>

namespace skerry::start_in_place {
namespace {

using test::FakeDomain;
using test::File;
using test::TestKernel;

constexpr std::uint64_t store_frame = 20, console_frame = 21, bundle_frame = 120;
constexpr std::uint64_t address_mask = 0x000f'ffff'ffff'f000;

/// The kernel's view: walks the tables that were pinned.
class View {
  public:
    View(const FakeDomain& domain, std::uint64_t root) : domain_(domain), root_(root) {}

    /// Level-1 entry for an address; 0 when nothing is mapped.
    std::uint64_t entry(std::uint64_t address) const {
        std::uint64_t table = root_;
        for (unsigned level = 4;; --level) {
            const auto* entries = reinterpret_cast<const std::uint64_t*>(domain_.page_of_machine(table));
            if (entries == nullptr) {
                ADD_FAILURE() << "table outside the domain at level " << level;
                return 0;
            }
            const std::uint64_t found = entries[entry_index(address, level)];
            if ((found & entry_present) == 0 || level == 1) return found;
            table = (found & address_mask) / page_bytes;
        }
    }
    const std::byte* at(std::uint64_t address) const {
        const std::uint64_t found = entry(address);
        if ((found & entry_present) == 0) {
            ADD_FAILURE() << "not mapped: " << std::hex << address;
            static const std::byte nothing[page_bytes] = {};
            return nothing;
        }
        return domain_.page_of_machine((found & address_mask) / page_bytes) + address % page_bytes;
    }

    /// Calls visit(level, entry) for every present entry.
    template <class Visit> void all(Visit visit) const { walk(root_, 4, visit); }

  private:
    template <class Visit> void walk(std::uint64_t table, unsigned level, Visit& visit) const {
        const auto* entries = reinterpret_cast<const std::uint64_t*>(domain_.page_of_machine(table));
        ASSERT_NE(entries, nullptr);
        for (unsigned i = 0; i < entries_per_table; ++i) {
            if ((entries[i] & entry_present) == 0) continue;
            visit(level, entries[i]);
            if (level > 1) walk((entries[i] & address_mask) / page_bytes, level - 1, visit);
        }
    }
    const FakeDomain& domain_;
    std::uint64_t root_;
};

struct Scenario {
    std::uint64_t pages = 16384;
    File kernel = TestKernel::like_linux().file();
    File ramdisk = File(10'000, std::byte{0x5a});
    std::uint64_t ramdisk_misalignment = 0;
    bool first_domain = false;
};

class StartInPlace : public testing::Test {
  protected:
    /// Starts `scenario` in a new domain and calls check(departure, view) at the moment of departure.
    Result<void> start(const Scenario& scenario, const std::function<void(const Departure&, const View&)>& check = {}) {
        domain_ = std::make_unique<FakeDomain>(scenario.pages);
        const Bytes kernel = domain_->place(bundle_frame, scenario.kernel);
        const std::uint64_t ramdisk_frame = bundle_frame + pages_of(scenario.kernel.size());
        Bytes ramdisk;
        if (!scenario.ramdisk.empty())
            ramdisk = domain_->place(ramdisk_frame, scenario.ramdisk, scenario.ramdisk_misalignment);
        info_ = start_info_t{};
        std::memcpy(info_.magic, "xen-3.0-x86_64", 15);
        info_.nr_pages = scenario.pages;
        info_.shared_info = 0x777000;
        info_.flags = SIF_VIRT_P2M_4TOOLS | SIF_MOD_START_PFN;
        info_.store_mfn = domain_->machine_frame(store_frame);
        info_.store_evtchn = 3;
        info_.console.domU.mfn = domain_->machine_frame(console_frame);
        info_.console.domU.evtchn = 4;
        std::memcpy(info_.cmd_line, "console=hvc0 quiet", 19);
        Request request{kernel, ramdisk, {}};
        request.inheritance.start_info = &info_;
        if (!scenario.first_domain) {
            request.inheritance.store_frame = store_frame;
            request.inheritance.console_frame = console_frame;
        }
        domain_->on_leave = [&](const Departure& departure) {
            check_permutation(departure);
            check_tables(departure);
            if (check) check(departure, View(*domain_, departure.new_root));
        };
        const std::uint64_t before = domain_->used_count();
        Result<void> result = start_in_place(*domain_, request);
        EXPECT_EQ(domain_->used_count(), before) << "frames were not given back";
        return result;
    }

    /// The p2m list is a permutation of the domain's frames, and the machine-to-physical updates make its inverse.
    void check_permutation(const Departure& departure) {
        const Layout& layout = departure.image.layout();
        const View view(*domain_, departure.new_root);
        std::vector<std::uint64_t> list(domain_->total_pages());
        for (std::uint64_t frame = 0; frame < list.size(); ++frame)
            std::memcpy(&list[frame], view.at(layout.p2m_address + frame * 8), 8);
        EXPECT_EQ(std::set<std::uint64_t>(list.begin(), list.end()).size(), list.size());
        std::map<std::uint64_t, std::uint64_t> machine_to_physical;
        for (std::uint64_t frame = 0; frame < domain_->total_pages(); ++frame)
            machine_to_physical[domain_->machine_frame(frame)] = frame;
        departure.image.plan().for_each_change(
            [&](std::uint64_t frame, std::uint64_t machine) { machine_to_physical[machine] = frame; });
        for (std::uint64_t frame = 0; frame < list.size(); ++frame) {
            const auto found = machine_to_physical.find(list[frame]);
            ASSERT_NE(found, machine_to_physical.end()) << "not this domain's: frame " << frame;
            ASSERT_EQ(found->second, frame);
        }
    }

    /// Every table is write-protected here and mapped read-only there; everything else is writable; the region is
    /// complete.
    void check_tables(const Departure& departure) {
        const Layout& layout = departure.image.layout();
        const View view(*domain_, departure.new_root);
        std::set<std::uint64_t> tables{departure.new_root};
        view.all([&](unsigned level, std::uint64_t entry) {
            if (level > 1) tables.insert((entry & address_mask) / page_bytes);
        });
        EXPECT_EQ(tables.size(), layout.tables.count + layout.p2m_tables.count + 3);
        for (std::uint64_t table : tables) EXPECT_TRUE(domain_->is_protected(domain_->frame_of_machine(table)));
        view.all([&](unsigned level, std::uint64_t entry) {
            if (level == 1 && tables.count((entry & address_mask) / page_bytes) != 0) {
                EXPECT_EQ(entry & entry_writable, 0u);
            }
        });
        for (std::uint64_t frame = 0; frame < layout.mapped_pages; ++frame) {
            const std::uint64_t entry = view.entry(layout.address_of(frame));
            ASSERT_EQ(entry & address_mask, departure.image.plan().machine_frame(frame) * page_bytes) << frame;
            ASSERT_EQ(entry & ~address_mask, layout.is_table(frame) ? 0x65u : 0x67u) << frame;
        }
        EXPECT_EQ(view.entry(layout.address_of(layout.mapped_pages)) &
                      (layout.address_of(layout.mapped_pages) == 0 ? 0 : 1),
                  0u);
        // The alias shows the hand-over page and nothing else.
        EXPECT_EQ(view.entry(std::uint64_t{departure.alias_slot} << 39),
                  make_entry(departure.image.plan().machine_frame(layout.hand_over.first), 0x25));
        EXPECT_EQ(departure.new_root, domain_->pinned);
    }

    static start_info_t start_info(const Departure& departure, const View& view) {
        start_info_t info;
        std::memcpy(&info, view.at(departure.image.start_info_address()), sizeof(info));
        return info;
    }

    static void check_segment(const View& view, const TestKernel::Load& load, std::uint64_t offset_to_virtual,
                              std::uint64_t skip_page) {
        for (std::uint64_t i = 0; i < load.memory_bytes; ++i) {
            const std::uint64_t address = load.physical + offset_to_virtual + i;
            if (address / page_bytes * page_bytes == skip_page) continue;
            const std::byte expected = i < load.file_bytes ? TestKernel::pattern(load.offset + i) : std::byte{0};
            ASSERT_EQ(*view.at(address), expected) << std::hex << address;
        }
    }

    start_info_t info_;
    std::unique_ptr<FakeDomain> domain_;
};

TEST_F(StartInPlace, LinuxLike) {
    const TestKernel kernel = TestKernel::like_linux();
    const Result<void> result = start({}, [&](const Departure& departure, const View& view) {
        const std::uint64_t hypercall_page = TestKernel::default_base + TestKernel::default_start + 0x1000;
        for (const auto& load : kernel.loads) check_segment(view, load, TestKernel::default_base, hypercall_page);
        for (std::uint64_t i = 0; i < page_bytes; ++i) ASSERT_EQ(*view.at(hypercall_page + i), std::byte{0xc3});
        const Layout& layout = departure.image.layout();
        const start_info_t info = start_info(departure, view);
        EXPECT_STREQ(info.magic, "xen-3.0-x86_64");
        EXPECT_EQ(info.nr_pages, domain_->total_pages());
        EXPECT_EQ(info.shared_info, 0x777000u);
        EXPECT_EQ(info.flags, static_cast<std::uint32_t>(SIF_VIRT_P2M_4TOOLS | SIF_MOD_START_PFN));
        EXPECT_EQ(info.mfn_list, 0x80'0000'0000u);
        EXPECT_EQ(info.first_p2m_pfn, layout.p2m.first);
        EXPECT_EQ(info.nr_p2m_frames, layout.p2m.count + layout.p2m_tables.count);
        EXPECT_EQ(info.pt_base, layout.address_of(layout.tables.first));
        EXPECT_EQ(info.nr_pt_frames, layout.tables.count);
        EXPECT_EQ(info.mod_start, layout.ramdisk.first);
        EXPECT_EQ(info.mod_len, 10'000u);
        EXPECT_STREQ(reinterpret_cast<const char*>(info.cmd_line), "console=hvc0 quiet");
        EXPECT_EQ(info.store_evtchn, 3u);
        EXPECT_EQ(info.console.domU.evtchn, 4u);
        EXPECT_EQ(departure.image.plan().machine_frame(layout.store.first), info.store_mfn);
        EXPECT_EQ(departure.image.plan().machine_frame(layout.console.first), info.console.domU.mfn);
        // The first table is the top one, as kernels expect.
        EXPECT_EQ(departure.image.plan().machine_frame(layout.tables.first), departure.new_root);
        // The ramdisk was not copied: its frames were renamed.
        EXPECT_EQ(departure.image.plan().source(layout.ramdisk.first), bundle_frame + pages_of(kernel.file().size()));
        EXPECT_EQ(departure.entry, TestKernel::default_base + TestKernel::default_start + 0x40);
        EXPECT_EQ(departure.old_root, domain_->root_machine_frame());
        EXPECT_LT(departure.alias_slot, 250u);
    });
    EXPECT_TRUE(result) << result.failure().what;
    EXPECT_EQ(domain_->departures, 1u);
}

TEST_F(StartInPlace, UnikernelWithMappedRamdisk) {
    Scenario scenario;
    scenario.kernel = TestKernel::like_unikernel().file();
    for (std::uint64_t misalignment : {0, 8}) {
        scenario.ramdisk_misalignment = misalignment;
        const Result<void> result = start(scenario, [&](const Departure& departure, const View& view) {
            check_segment(view, TestKernel::like_unikernel().loads[0], 0, 1);
            const start_info_t info = start_info(departure, view);
            EXPECT_EQ(info.flags & SIF_MOD_START_PFN, 0u);
            EXPECT_EQ(info.mod_len, scenario.ramdisk.size());
            for (std::uint64_t i = 0; i < scenario.ramdisk.size(); ++i)
                ASSERT_EQ(*view.at(info.mod_start + i), std::byte{0x5a});
            EXPECT_EQ(info.first_p2m_pfn, 0u);
            EXPECT_EQ(info.nr_p2m_frames, 0u);
        });
        EXPECT_TRUE(result) << result.failure().what;
    }
}

TEST_F(StartInPlace, FirstDomainWithoutRamdisk) {
    Scenario scenario;
    scenario.ramdisk.clear();
    scenario.first_domain = true;
    const Result<void> result = start(scenario, [&](const Departure& departure, const View& view) {
        const start_info_t info = start_info(departure, view);
        EXPECT_EQ(info.mod_start, 0u);
        EXPECT_EQ(info.mod_len, 0u);
        EXPECT_EQ(info.flags & SIF_MOD_START_PFN, 0u);
    });
    EXPECT_TRUE(result) << result.failure().what;
}

TEST_F(StartInPlace, P2mInTheKernelsOwnTopLevelSlot) {
    // The list's mapping shares the level-3, -2 and even -1 tables of the region.
    for (std::uint64_t distance : {std::uint64_t{2} << 30, std::uint64_t{64} << 20, std::uint64_t{512} << 10}) {
        TestKernel kernel = TestKernel::like_linux();
        const std::uint64_t base = TestKernel::default_base + 0x10'0000; // so that a table maps both sides of it
        kernel.loads[0].physical = kernel.loads[0].physical - 0x10'0000;
        kernel.loads[1].physical = kernel.loads[1].physical - 0x10'0000;
        kernel.note(XEN_ELFNOTE_VIRT_BASE, base);
        kernel.note(XEN_ELFNOTE_INIT_P2M, base - distance);
        Scenario scenario;
        scenario.kernel = kernel.file();
        const Result<void> result = start(scenario, [&](const Departure& departure, const View& view) {
            EXPECT_EQ(start_info(departure, view).mfn_list, base - distance);
        });
        EXPECT_TRUE(result) << result.failure().what;
    }
}

TEST_F(StartInPlace, SegmentsThatShareAPageOfTheFile) {
    // Both are copies of the same file bytes: a frame cannot be two pages of the kernel.
    TestKernel kernel = TestKernel::like_unikernel();
    kernel.loads = {
        {0x1000, 0x40'0000, 0x2000, 0x2000}, {0x1000, 0x40'2000, 0x2000, 0x2000}, {0x1800, 0x40'4800, 0x100, 0x900}};
    Scenario scenario;
    scenario.kernel = kernel.file();
    const Result<void> result = start(scenario, [&](const Departure&, const View& view) {
        for (const auto& load : kernel.loads) check_segment(view, load, 0, 1);
    });
    EXPECT_TRUE(result) << result.failure().what;
}

TEST_F(StartInPlace, BzImage) {
    // xz, gzip and the others are tested by themselves; here an unpacked payload and a broken one.
    Scenario scenario;
    const File elf = TestKernel::like_linux().file();
    scenario.kernel = test::make_bzimage(elf, static_cast<std::uint32_t>(elf.size()));
    EXPECT_TRUE(start(scenario, [&](const Departure&, const View& view) {
        for (const auto& load : TestKernel::like_linux().loads)
            check_segment(view, load, TestKernel::default_base,
                          TestKernel::default_base + TestKernel::default_start + 0x1000);
    }));
    const auto sample = std::as_bytes(std::span(test::sample_gzip));
    scenario.kernel = test::make_bzimage(File(sample.begin(), sample.end()), test::sample_bytes);
    const Result<void> not_elf = start(scenario); // unpacks, and is no ELF file
    ASSERT_FALSE(not_elf);
    EXPECT_EQ(std::string(not_elf.failure().what).substr(0, 3), "ELF");
    for (std::uint32_t wrong : {0u, 100u, ~0u}) {
        scenario.kernel = test::make_bzimage(File(sample.begin(), sample.end()), wrong);
        EXPECT_FALSE(start(scenario)) << wrong;
    }
    for (std::uint64_t at : {0x206, 0x248, 0x24c}) {
        scenario.kernel = test::make_bzimage(elf, 0);
        test::put(scenario.kernel, at, std::uint16_t{0x0100});
        test::put(scenario.kernel, at + 2, std::uint16_t{0xffff});
        EXPECT_FALSE(start(scenario)) << at;
    }
}

TEST_F(StartInPlace, SmallDomainsFailCleanlyOrWork) {
    bool worked = false;
    for (std::uint64_t pages = 150; pages < 6000; pages += 97) {
        Scenario scenario;
        scenario.pages = pages;
        const Result<void> result = start(scenario);
        EXPECT_TRUE(result || !worked) << "worked with less than " << pages;
        worked = worked || result;
    }
    EXPECT_TRUE(worked);
}

TEST_F(StartInPlace, RefusalsChangeNothing) {
    Scenario scenario;
    scenario.kernel = File(5000, std::byte{1});
    EXPECT_FALSE(start(scenario));
    scenario.kernel.clear();
    scenario.kernel.resize(1);
    EXPECT_FALSE(start(scenario));
    EXPECT_EQ(domain_->departures, 0u);
}

class HypervisorRefuses : public StartInPlace {};

TEST_F(HypervisorRefuses, PinOrProtection) {
    const File kernel = TestKernel::like_linux().file();
    for (bool protection : {false, true}) {
        FakeDomain domain(16384);
        domain.pin_status = protection ? 0 : -22;
        domain.refuse_protection = protection;
        const start_info_t info{};
        const std::uint64_t before = domain.used_count();
        Request request{Bytes(std::span<const std::byte>(kernel)), Bytes(), {}};
        const Bytes placed = domain.place(bundle_frame, kernel);
        request.kernel = placed;
        request.inheritance.start_info = &info;
        const Result<void> result = start_in_place(domain, request);
        EXPECT_FALSE(result);
        EXPECT_EQ(domain.departures, 0u);
        EXPECT_EQ(domain.used_count(), before + pages_of(kernel.size()));
    }
}

} // namespace
} // namespace skerry::start_in_place
