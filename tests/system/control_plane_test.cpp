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
               {"watchdog", "tests/watchdog-guest.cpio.gz"},
               {"hello", "apps/hello-c"},
               {"filter", "apps/copy-input"}});
    }
};

const std::string linux_kernel = "kernel = \"image:kernel\"\nmemory = 192\nvcpus = 2\nextra = \"console=hvc0 quiet\"\n";
const std::string linux_guest = linux_kernel + "ramdisk = \"image:initrd\"\n";

TEST_F(OperatedPlane, AnOperatorsDay) {
    expect("list", {"founder", "console", "xenstore", "builder", "toolstack"});
    expect("info", {"hypervisor", "free memory"});
    expect("rights", {"create_domains", "over xenstore", "control"});

    // A program of the SDK as one of this machine, and as a guest.
    expect("run --name short image:hello one two </dev/null", {"argument 2: two", "standard input is a pipe"});
    EXPECT_EQ(skerry("run image:hello exit=7 </dev/null").status, 7);
    expect("run -e GREETING=Ahoy image:hello GREETING=no </dev/null",
           {"Ahoy from C, 1 argument", "argument 1: GREETING=no"});
    expect_failure("run -e greeting=Ahoy image:hello </dev/null", "no NAME=VALUE for the environment");
    std::string bytes = "\r\nbehind a return";
    for (int i = 0; i < 5000; ++i) bytes += static_cast<char>(i * 7);
    const std::string output = file("output", "");
    const Answer filtered =
        skerry("run image:filter <" + file("input", bytes) + " >" + output); // progress is said beside it
    EXPECT_EQ(filtered.status, 0) << filtered.text;
    EXPECT_TRUE(read_file(output) == bytes) << "every byte means itself, but see " << output << "\n" << filtered.text;
    expect_failure("run --json image:nosuch </dev/null", "\"code\": \"not-found\"");
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
    expect("vcpu-pin visitor 0 1", {});
    expect("sched -d visitor -w 512 -c 50", {"512", "50"});
    expect("top -i 1", {"visitor", "CPU(%)"});
    expect("list --json", {"\"name\": \"visitor\""});
    expect("images", {"kernel", "visitor"});
    expect("dmesg", {"xen-core: 2 CPUs"});
    expect("shutdown -w visitor", {});
    expect_failure("info visitor", "visitor");
    expect("log", {"`visitor`", "powered off: destroy"});
}

// Files of the operator's machine, what is typed, and what a guest's end leads to.
TEST_F(OperatedPlane, GuestsEndAsTheirConfigurationSays) {
    const std::string program = "kernel = \"" + std::filesystem::absolute(build_path("apps/hello-c")).string() +
                                "\"\nmemory = 16\nextra = \"exit=3\"\n";
    expect("create " + config("crashing", program + "on_crash = \"preserve\"\n"), {});
    expect_log("crashing", "exit status 3");
    expect("list crashing", {"c"});
    expect("images", {"hello-c.", "crashing"});
    expect("destroy crashing", {});
    EXPECT_EQ(skerry("images").text.find("hello-c."), std::string::npos) << "nobody needs it any more";
    expect("create " + config("guest", linux_guest + "on_crash = \"restart\"\n"), {});
    expect_log("guest", "skerry:/root#");
    (void)skerry("console guest <" + file("typed", "echo c > /proc/sysrq-trigger\n"));
    expect_log("toolstack", "crashed: restart");
    expect_log("toolstack", "started again");
    expect_log("guest", "skerry:/root#"); // the new one's: before that it would take no notice
    expect("reboot guest", {});
    expect_log("toolstack", "rebooted: restart");
    expect("pause guest", {"paused"});
    expect("destroy guest", {});

    expect("create " + config("watched", linux_kernel + "ramdisk = \"image:watchdog\"\non_watchdog = \"preserve\"\n"),
           {});
    expect_log("watched", "skerry:/root#");
    (void)skerry("console watched <" +
                 file("typed", "insmod /lib/watchdog.ko; insmod /lib/xen_wdt.ko timeout=3; : > /dev/watchdog\n"));
    expect_log("toolstack", "was ended by its watchdog: preserve");
    expect("destroy watched", {});
    expect("create " + config("repeating", program + "on_crash = \"restart\"\n"), {});
    expect_log("toolstack", "ended within ten seconds 6 times in a row: destroyed");
    const std::string upload = file("upload", std::string(100'000, 'x'));
    expect("images put mine " + upload, {"uploaded"});
    expect("images drop mine", {});
    expect_failure("images drop kernel", "platform");
}

TEST_F(OperatedPlane, EachServiceIsReplacedWhileAGuestRuns) {
    expect("create " + config("guest", linux_guest), {});
    for (const std::string service : {"xenstore", "console", "builder", "toolstack"}) {
        expect("restart " + service, {"is built again, after "});
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
