// SPDX-License-Identifier: MIT
// The XenStore server with real clients: a Debian kernel's xenbus and Debian's xenstore-utils inside the guest
// (tests/system/xenstore/check).
#include "qemu.h"

#include <fstream>
#include <gtest/gtest.h>

namespace skerry::test {
namespace {

using namespace std::chrono_literals;

Machine machine_for(const std::string& description) {
    const std::string path = build_path("tests/xenstore-description");
    std::ofstream(path) << description;
    Machine machine;
    machine.kernel = build_path("xen-core");
    machine.options = "console=com1 dom0_mem=80M dom0_max_vcpus=1";
    machine.modules = {build_path("builder-domain"),
                       path + " platform",
                       build_path("apps/xenstore"),
                       build_path("xenstore-client"),
                       build_path("pv-boot") + " pv-boot",
                       build_path("debian/vmlinuz") + " kernel",
                       build_path("tests/xenstore-guest.cpio.gz") + " initrd"};
    return machine;
}

constexpr char server[] =
    "[domain xenstore]\nkernel = xenstore\nmemory = 16M\nstate = 4M\nconsole = founder\non_crash = reboot\n";
constexpr char guest[] =
    "[domain guest]\nloader = pv-boot\nkernel = kernel\nramdisk = initrd\nmemory = 192M\nvcpus = 2\n"
    "console = founder\nstore = xenstore\ncmdline = console=hvc0 quiet\n"
    "on_poweroff = poweroff-platform\n";

TEST(XenStore, DebiansClientsInALinuxGuest) {
    Qemu qemu(machine_for(std::string(server) + guest));
    ASSERT_TRUE(qemu.wait_for("xenstore: serving 1 domains", 120s)) << qemu.tail();
    ASSERT_TRUE(qemu.wait_for("check: domain 2", 240s)) << qemu.tail();
    EXPECT_TRUE(qemu.wait_for("check: done", 240s)) << qemu.tail();
    EXPECT_EQ(qemu.output().find("check: BAD"), std::string::npos) << qemu.tail(6000);
    EXPECT_NE(qemu.output().find("xenstore: domain 2: quota nodes is used up"), std::string::npos);
    EXPECT_TRUE(qemu.wait_exit(60s)) << qemu.tail();
}

// The server is killed again and again, under load; its client sees every answer, once, and nothing but pauses.
TEST(XenStore, ClientsOutliveTheirServer) {
    Qemu qemu(
        machine_for(std::string(server) +
                    "[domain client]\nkernel = xenstore-client\nmemory = 8M\nconsole = founder\nstore = xenstore\n"
                    "knows = xenstore\nrights = control_services\ncmdline = kills=4\n"));
    ASSERT_TRUE(qemu.wait_for("client: each call was made", 120s)) << qemu.tail();
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(qemu.wait_for("xenstore: going on with 1 domains", 120s)) << qemu.tail();
    ASSERT_TRUE(qemu.wait_for("4 kills", 120s)) << qemu.tail();
    EXPECT_TRUE(qemu.wait_for("client: done, 0 failures", 60s)) << qemu.tail();
    EXPECT_EQ(qemu.output().find("client: BAD"), std::string::npos) << qemu.tail(6000);
}

} // namespace
} // namespace skerry::test
