// SPDX-License-Identifier: MIT
// The platform as an operator runs it: the control plane in its domains, and `skerry` on the second serial line. Real guests: a
// Debian kernel with Debian's xenstore-utils, and a program of the SDK.
#include "plane.h"

namespace skerry::test {
namespace {

class OperatedPlane : public ControlPlane {
  protected:
    void SetUp() override {
        start({{"pv-boot", "pv-boot"},
               {"kernel", "debian/vmlinuz"},
               {"initrd", "initramfs.cpio.gz"},
               {"checks", "tests/xenstore-guest.cpio.gz"},
               {"hello", "apps/hello-c"}});
    }
};

const std::string linux_kernel = "kernel = \"image:kernel\"\nmemory = 192\nvcpus = 2\nextra = \"console=hvc0 quiet\"\n";
const std::string linux_guest = linux_kernel + "ramdisk = \"image:initrd\"\n";

TEST_F(OperatedPlane, AnOperatorsDay) {
    expect("list", {"founder", "console", "xenstore", "builder", "toolstack"});
    expect("info", {"hypervisor", "free memory"});
    expect("rights", {"create_domains", "over xenstore", "control"});

    // A program of the SDK, from its image to its last word.
    expect("run --name short image:hello one two", {});
    expect(
        "create " +
            config("hello", "kernel = \"image:hello\"\nmemory = 16\nextra = \"one two\"\non_poweroff = \"preserve\"\n"),
        {});
    expect_log("hello", "argument 2: two");
    expect("destroy hello", {});
    expect_failure("destroy hello-there", "hello-there");

    // A Debian guest, with Debian's tools talking to the store.
    expect("create " + config("guest", linux_kernel + "ramdisk = \"image:checks\"\non_poweroff = \"preserve\"\n"), {});
    expect_log("guest", "check: done");
    const std::string log = skerry("log guest").text;
    EXPECT_EQ(log.find("check: BAD"), std::string::npos) << log;
    expect("destroy guest", {});

    const std::string guest = config("guest", linux_guest);
    expect("create " + guest, {});
    expect_failure("create " + guest, "guest");
    expect("list", {"guest"});
    expect_log("guest", "skerry:/root#");
    expect("trust guest", {"founder", "toolstack", "console", "xenstore", "hypervisor"});
    expect("pause guest", {});
    expect("list guest", {"p"});
    expect("unpause guest", {});
    expect("rename guest visitor", {});
    expect("vcpu-list visitor", {"visitor"});
    expect("destroy visitor", {});
    expect_failure("info visitor", "visitor");
}

TEST_F(OperatedPlane, EachServiceIsReplacedWhileAGuestRuns) {
    expect("create " + config("guest", linux_guest), {});
    for (const std::string service : {"xenstore", "console", "builder", "toolstack"}) {
        expect("restart " + service, {"built again"});
        // Who asks in the very moment in which the toolstack comes back is told so, and asks again.
        if (service == "toolstack") (void)skerry("list");
        expect("list", {"guest", service});
    }
    expect_log("guest", "skerry:/root#");
    expect("create " + config("other", "kernel = \"image:hello\"\nmemory = 16\non_poweroff = \"preserve\"\n"), {});
    expect_log("other", "Hello");
    expect("destroy guest", {});
}

TEST_F(OperatedPlane, WhatIsWrongIsSaidAndChangesNothing) {
    expect_failure("create " + config("a", "kernel = \"image:none\"\nmemory = 16\n"), "none");
    expect_failure("create " + config("b", "kernel = \"image:hello\"\nmemory = 1000000\n"), "KiB are free");
    expect_failure("create " + config("c", "kernel = \"image:hello\"\nmemory = 16\nvif = [ '' ]\n"), "vif");
    expect_failure("create " + config("d", "kernel = \"image:hello\"\nmemmory = 16\n"), "memmory");
    expect_failure("create " + config("e", "kernel = \"/no/such/file\"\nmemory = 16\n"), "/no/such/file");
    const long free = free_memory();
    for (int i = 0; i < 3; ++i) {
        expect("create " + config("short", "kernel = \"image:hello\"\nmemory = 16\non_poweroff = \"preserve\"\n"), {});
        expect("destroy short", {});
    }
    expect_free_memory(free);
    expect("list", {"toolstack"});
}

} // namespace
} // namespace skerry::test
