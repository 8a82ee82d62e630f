// SPDX-License-Identifier: MIT
// Several guests on one platform: what happens to one stays with that one.
#include "qemu.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace skerry::test {
namespace {

using namespace std::chrono_literals;

// A copy of Debian's kernel with noise in the middle of its compressed part.
std::string corrupt_kernel() {
    const std::string path = build_path("tests/corrupt-kernel");
    std::filesystem::copy_file(build_path("debian/vmlinuz"), path, std::filesystem::copy_options::overwrite_existing);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(path) / 2));
    for (int i = 0; i < 65536; i++) file.put(static_cast<char>(i * 37));
    return path;
}

Machine machine_for(const std::string& description) {
    const std::string path = build_path("tests/platform-description");
    std::ofstream(path) << description;
    Machine machine;
    machine.kernel = build_path("xen-core");
    machine.options = "console=com1 dom0_mem=80M dom0_max_vcpus=1";
    machine.memory_mib = 1024;
    machine.modules = {build_path("builder-domain"), path + " platform", build_path("pv-boot") + " pv-boot",
                       build_path("debian/vmlinuz") + " kernel", build_path("initramfs.cpio.gz") + " initrd"};
    return machine;
}
std::string guest(const std::string& name, const std::string& kernel, const std::string& more = "") {
    return "[domain " + name + "]\nloader = pv-boot\nkernel = " + kernel +
           "\nramdisk = initrd\nmemory = 192M\nvcpus = 2\nconsole = founder\n" +
           "cmdline = console=hvc0 quiet\nseal = yes\n" + more + "\n";
}

TEST(Platform, ACorruptKernelEndsItsOwnDomainOnly) {
    Machine machine = machine_for(guest("bad", "corrupt") + guest("good", "kernel"));
    machine.modules.push_back(corrupt_kernel() + " corrupt");
    Qemu qemu(machine);
    ASSERT_TRUE(qemu.wait_for("bad: pv-boot", 120s)) << qemu.tail();
    ASSERT_TRUE(qemu.wait_for_any({"bad crashed", "bad powered off", "bad ended"}, 60s)) << qemu.tail();
    EXPECT_TRUE(qemu.wait_for("good: Linux 6.1", 240s)) << qemu.tail();
}

TEST(Platform, TwoGuestsSideBySide) {
    Qemu qemu(machine_for(guest("one", "kernel") + guest("two", "kernel")));
    ASSERT_TRUE(qemu.wait_for("2 of 2 domains run", 120s)) << qemu.tail();
    const std::vector<std::string> shells = {"one: Linux 6.1", "two: Linux 6.1"};
    const auto first = qemu.wait_for_any(shells, 240s);
    ASSERT_TRUE(first) << qemu.tail();
    EXPECT_TRUE(qemu.wait_for(shells[1 - *first], 240s)) << qemu.tail();
}

} // namespace
} // namespace skerry::test
