// SPDX-License-Identifier: MIT
// pv-boot as the first domain: what it starts finds what a fresh domain finds, and what it cannot start ends with a
// reason. The same on Debian's Xen (SKERRY_ORACLE=1).
#include "qemu.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace skerry::test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class PvBoot : public testing::Test {
  protected:
    void boot(const std::string& kernel, const std::string& ramdisk, const std::string& command_line,
              unsigned memory_mib) {
        const std::string folder = build_path("tests/bundles");
        fs::create_directories(folder);
        const std::string bundle = folder + "/" + testing::UnitTest::GetInstance()->current_test_info()->name();
        const std::string pack = build_path("tools/make-bundle") + " " + kernel + " " + ramdisk + " " + bundle;
        ASSERT_EQ(std::system(pack.c_str()), 0) << pack;
        const std::string memory = std::to_string(memory_mib) + "M";
        Machine machine;
        machine.kernel = build_path(std::getenv("SKERRY_ORACLE") != nullptr ? "debian/xen" : "xen-core");
        machine.options = "console=com1 dom0_mem=" + memory + " loglvl=all guest_loglvl=all";
        machine.modules = {build_path("pv-boot") + " " + command_line, bundle};
        machine.memory_mib = 1024;
        qemu_ = std::make_unique<Qemu>(machine);
    }
    void expect(const std::string& text, std::chrono::seconds limit = 60s) {
        ASSERT_TRUE(qemu_->wait_for(text, limit)) << "no `" << text << "` in:\n" << qemu_->tail();
    }
    /// Debian's kernel with one bit flipped, or cut to `bytes`.
    static std::string damaged_kernel(std::size_t flipped, std::size_t bytes) {
        std::ifstream file(build_path("debian/vmlinuz"), std::ios::binary);
        std::string image{std::istreambuf_iterator<char>(file), {}};
        image.at(flipped) ^= 0x10;
        image.resize(std::min(bytes, image.size()));
        const std::string path = build_path("tests/damaged-kernel");
        std::ofstream(path, std::ios::binary) << image;
        return path;
    }

    std::unique_ptr<Qemu> qemu_;
};

TEST_F(PvBoot, KernelFindsAFreshDomain) {
    boot(build_path("tests/guests/start"), "tests/guests/start/module.txt", "one two=2  three", 128);
    expect("starting the kernel at");
    expect("verdict: done");
    EXPECT_EQ(qemu_->output().find("verdict: fail"), std::string::npos) << qemu_->output();
}

TEST_F(PvBoot, CpuStateIsReset) {
    for (const char* guest : {"segments", "descriptors", "traps", "callbacks"}) {
        boot(build_path(std::string("tests/guests/") + guest), "", "", 64);
        expect("verdict: done");
        EXPECT_EQ(qemu_->output().find("verdict: fail"), std::string::npos) << guest << qemu_->output();
    }
}

TEST_F(PvBoot, UnikernelAtTheLoadersOwnAddresses) {
    boot(build_path("builder-lodger"), "tests/guests/start/module.txt", "end=poweroff one two", 32);
    expect("lodger: 8192 pages, command line `end=poweroff one two`");
    expect("lodger: module of 31 bytes");
}

TEST_F(PvBoot, DebiansKernelToAShell) {
    boot(build_path("debian/vmlinuz"), build_path("initramfs.cpio.gz"), "console=hvc0 quiet", 160);
    expect("pv-boot: kernel of");
    expect("skerry:", 120s);
    qemu_->send("dmesg | grep -cE 'WARNING:|BUG:|Oops' | sed 's/^/bad-lines-/'\n");
    expect("\nbad-lines-0");
    qemu_->send("poweroff -f\n");
    expect("Power down");
}

TEST_F(PvBoot, DamagedKernelIsNamedWithThePlace) {
    boot(damaged_kernel(3'000'000, ~std::size_t{0}), build_path("initramfs.cpio.gz"), "", 160);
    expect("pv-boot: xz: ");
    expect("at input offset");
    expect("pv-boot: cannot start this domain's kernel");
}

TEST_F(PvBoot, TruncatedKernelIsNamedWithThePlace) {
    boot(damaged_kernel(0, 2'000'000), build_path("initramfs.cpio.gz"), "", 160);
    expect("pv-boot: bzImage: payload reaches beyond the end of the file");
    expect("pv-boot: cannot start this domain's kernel");
}

TEST_F(PvBoot, TooLittleMemoryIsSaid) {
    boot(build_path("debian/vmlinuz"), build_path("initramfs.cpio.gz"), "", 48);
    expect("pv-boot: unpacked kernel would be larger than this domain's memory; bytes 6");
    expect("pv-boot: cannot start this domain's kernel");
}

} // namespace
} // namespace skerry::test
