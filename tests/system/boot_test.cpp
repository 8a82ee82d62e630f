// SPDX-License-Identifier: MIT
// xen-core's start on machines that cannot do: one clear line on the serial console, never a triple fault or silence.
#include "qemu.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace skerry::test {
namespace {

using namespace std::chrono_literals;

class Boot : public testing::Test {
  protected:
    Boot() {
        machine_.kernel = build_path("xen-core");
        machine_.options = "console=com1";
        machine_.modules = {build_path("tests/guests/console")};
    }
    // A file for a module that is no kernel.
    static std::string file(const std::string& name, const std::string& contents) {
        const std::string path = build_path("tests/boot-" + name);
        std::filesystem::create_directories(build_path("tests"));
        std::ofstream(path, std::ios::binary) << contents;
        return path;
    }
    void expect_line(const std::string& text) {
        Qemu qemu(machine_);
        EXPECT_TRUE(qemu.wait_for(text, 60s)) << "no `" << text << "` in:\n" << qemu.tail();
        EXPECT_EQ(qemu.output().find("Call trace"), std::string::npos) << qemu.tail();
    }
    // The ISO of `make iso`, by the firmware that the machine has.
    void expect_platform_from_iso() {
        machine_.kernel.clear();
        machine_.modules.clear();
        machine_.memory_mib = 1024;
        machine_.more.insert(machine_.more.end(), {"-cdrom", build_path("skerry.iso")});
        Qemu qemu(machine_);
        EXPECT_TRUE(qemu.wait_for("started by GRUB", 240s)) << qemu.tail();
        EXPECT_TRUE(qemu.wait_for(std::to_string(machine_.cpus) + " CPUs\r\n", 120s)) << qemu.tail();
        EXPECT_TRUE(qemu.wait_for("skerry:", 300s)) << qemu.tail();
    }
    Machine machine_;
};

TEST_F(Boot, RunsThePlainPvKernelItIsGiven) { expect_line("verdict: done"); }
TEST_F(Boot, OneCpuIsEnough) {
    machine_.cpus = 1;
    expect_line("verdict: done");
}
TEST_F(Boot, FourCpus) {
    machine_.cpus = 4;
    expect_line("verdict: done");
}
TEST_F(Boot, ReportsUnknownOptions) {
    machine_.options = "console=com1 frobnicate=7";
    expect_line("frobnicate=7");
}
TEST_F(Boot, SaysThatThereIsNoModule) {
    machine_.modules.clear();
    expect_line("no module");
}
TEST_F(Boot, SaysThatModuleZeroIsNoElfFile) {
    machine_.modules = {file("text", "this is not a kernel, whatever else it may be\n")};
    expect_line("module 0");
}
TEST_F(Boot, SaysThatModuleZeroIsCutOff) {
    std::ifstream whole(build_path("tests/guests/console"), std::ios::binary);
    std::string bytes(3000, '\0');
    whole.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    machine_.modules = {file("cut", bytes)};
    expect_line("module 0");
}
TEST_F(Boot, SaysThatABzImageIsNotForIt) {
    machine_.modules = {build_path("debian/vmlinuz")};
    expect_line("module 0");
}
TEST_F(Boot, SaysThatMemoryIsTooSmall) {
    machine_.memory_mib = 6;
    expect_line("too little memory");
}
TEST_F(Boot, SaysThatTheFirstDomainDoesNotFit) {
    machine_.options = "console=com1 dom0_mem=4G";
    expect_line("4096 MiB");
}
TEST_F(Boot, SaysWhichCpuFeatureIsMissing) {
    machine_.cpu = "max,-smap,-nx";
    expect_line("NX");
}
TEST_F(Boot, NeedsLongModeAndSaysSo) {
    machine_.cpu = "max,-smap,-lm";
    expect_line("64-bit");
}
TEST_F(Boot, WorksOnModestCpus) {
    for (const char* cpu : {"qemu64", "Nehalem", "EPYC,-smap"}) {
        machine_.cpu = cpu;
        expect_line("verdict: done");
    }
}
// An NMI that nobody asked for is noted; a machine check ends everything, and says what the bank and the registers hold.
TEST_F(Boot, OutlivesNmisAndReportsMachineChecks) {
    const std::string monitor = build_path("tests/boot-monitor"), out = monitor + ".out", in = monitor + ".in";
    for (const std::string& path : {in, out}) {
        std::filesystem::remove(path);
        ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    }
    machine_.memory_mib = 1024;
    machine_.modules = {build_path("tests/bench/vmlinux") + " console=hvc0", build_path("initramfs.cpio.gz")};
    machine_.more = {"-monitor", "pipe:" + monitor};
    Qemu qemu(machine_);
    ASSERT_TRUE(qemu.wait_for("Linux version", 60s)) << qemu.tail();
    std::ofstream orders(in);
    for (int i = 0; i < 3; ++i) {
        orders << "nmi" << std::endl;
        ASSERT_TRUE(qemu.wait_for("CPU 0: NMI ignored", 60s)) << qemu.tail();
    }
    ASSERT_TRUE(qemu.wait_for("skerry:", 240s)) << qemu.tail();
    orders << "mce 1 3 0xbe00000000000135 0x5 0x123456789 0x86" << std::endl;
    for (const char* text : {"panic on CPU 1", "#MC", "vector 18",
                             "machine check bank 3: status be00000000000135 address "
                             "123456789 misc 86"})
        EXPECT_TRUE(qemu.wait_for(text, 60s)) << "no `" << text << "` in:\n" << qemu.tail();
}
TEST_F(Boot, GrubStartsThePlatformFromTheIso) { expect_platform_from_iso(); }
// There GRUB uses all low memory for modules, the page too from which the other CPUs start.
TEST_F(Boot, GrubStartsThePlatformFromTheIsoUnderUefi) {
    const std::string firmware = "/usr/share/OVMF/", variables = build_path("tests/uefi-variables");
    std::filesystem::create_directories(build_path("tests"));
    std::filesystem::copy_file(firmware + "OVMF_VARS_4M.fd", variables,
                               std::filesystem::copy_options::overwrite_existing);
    machine_.cpus = 3;
    machine_.more = {"-drive", "if=pflash,format=raw,readonly=on,file=" + firmware + "OVMF_CODE_4M.fd", "-drive",
                     "if=pflash,format=raw,file=" + variables};
    expect_platform_from_iso();
}

} // namespace
} // namespace skerry::test
