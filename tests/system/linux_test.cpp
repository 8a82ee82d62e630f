// SPDX-License-Identifier: MIT
// Debian's own kernel on two vCPUs, as a guest of the platform and as first domain: up to a shell, under load, and off
// again; its log must hold no warning. With SKERRY_ORACLE=1 on Debian's Xen (as first domain only).
#include "qemu.h"

#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>
#include <memory>
#include <regex>
#include <sstream>
#include <thread>

namespace skerry::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

bool oracle() { return std::getenv("SKERRY_ORACLE") != nullptr; }
bool on_bochs() { return std::getenv("SKERRY_BOCHS") != nullptr; }

// Modules of the platform as `make run` has them.
Machine platform_machine() {
    const std::string description = build_path("tests/linux-platform");
    EXPECT_EQ(
        std::system(("MEMORY=512M VCPUS=2 CMDLINE='console=hvc0' builder-domain/make-platform " + description).c_str()),
        0);
    Machine machine;
    machine.kernel = build_path("xen-core");
    machine.options = "console=com1 dom0_mem=64M dom0_max_vcpus=1";
    machine.memory_mib = 800;
    machine.modules = {build_path("builder-domain"),
                       description + " platform",
                       build_path("console") + " console",
                       build_path("pv-boot") + " pv-boot",
                       build_path("debian/vmlinuz") + " kernel",
                       build_path("initramfs.cpio.gz") + " initrd"};
    return machine;
}
Machine first_domain_machine() {
    Machine machine;
    machine.kernel = build_path(oracle() ? "debian/xen" : "xen-core");
    machine.options = "console=com1 dom0_mem=512M dom0_max_vcpus=2";
    machine.memory_mib = 1024;
    machine.modules = {build_path("tests/bench/vmlinux") + " console=hvc0", build_path("initramfs.cpio.gz")};
    return machine;
}

enum class As { guest, first_domain };

class Linux : public testing::TestWithParam<As> {
  protected:
    void SetUp() override {
        if (oracle() && GetParam() == As::guest) GTEST_SKIP() << "the platform needs xen-core";
        qemu_ = std::make_unique<Qemu>(GetParam() == As::guest ? platform_machine() : first_domain_machine());
        ASSERT_TRUE(qemu_->wait_for("skerry:", 240s)) << qemu_->tail();
        std::this_thread::sleep_for(1s); // the shell asks the terminal for its size and drops what comes meanwhile
        qemu_->send("stty -echo; PS1=\n");
        run("dmesg -n 1; true");
    }
    // Runs a command line in the guest and returns what it printed.
    std::string run(const std::string& command, std::chrono::seconds limit = 120s) {
        const std::string mark = "done-" + std::to_string(++count_);
        const size_t from = qemu_->output().size();
        qemu_->send(command + "; echo " + mark.substr(0, 4) + "'" + mark.substr(4) + "'\n");
        EXPECT_TRUE(qemu_->wait_for(mark, limit)) << "the guest hangs in: " << command << "\n" << qemu_->tail();
        std::string output = qemu_->output().substr(from);
        std::erase(output, '\r');
        return output.substr(0, output.find(mark));
    }
    long number(const std::string& command) {
        const std::string output = run(command);
        std::smatch found;
        return std::regex_search(output, found, std::regex("(-?[0-9]+)")) ? std::stol(found[1]) : -1;
    }
    // Kernel messages of warning level or worse that are about us and not about the machine.
    void expect_quiet_log() {
        std::istringstream lines(run("dmesg -r 2>/dev/null"));
        for (std::string line; std::getline(lines, line);) {
            const auto says = [&](const char* text) { return line.find(text) != std::string::npos; };
            if (line.size() < 4 || line[0] != '<') continue;
            if (on_bochs() && std::any_of(std::begin(bochs_), std::end(bochs_), says)) continue;
            for (const char* bad : {"WARNING:", "BUG:", "Oops", "Call Trace", "soft lockup", "detected stall",
                                    "timekeeping watchdog", "Marking clocksource"})
                EXPECT_FALSE(says(bad)) << bad << " in the kernel's log: " << line;
            if (line[2] != '>' || line[1] > '4') continue;
            bool known = std::any_of(std::begin(harmless_), std::end(harmless_), says);
            if (GetParam() == As::first_domain)
                known |= std::any_of(std::begin(absent_for_first_domain_), std::end(absent_for_first_domain_), says);
            EXPECT_TRUE(known) << "the kernel warned: " << line;
        }
    }

    // What this kernel says at these levels on Debian's Xen too; the last speaks of a slow host, not of us.
    static constexpr const char* harmless_[] = {"spinlock event irq", "Grant table initialized", "hpet_acpi_add",
                                                "hrtimer: interrupt took"};
    // What it says of Bochs' machine.
    static constexpr const char* bochs_[] = {"RETBleed: WARNING: Spectre v2", "fail to add MMCONFIG information"};
    // What a first domain misses that manages the machine's hardware: MCA, PCI announcements (docs/caveats.md). Nothing
    // of this concerns a guest.
    static constexpr const char* absent_for_first_domain_[] = {"passthrough or MSI/MSI-X might fail",
                                                               "xen_mcelog: Failed to get CPU numbers"};
    std::unique_ptr<Qemu> qemu_;
    int count_ = 0;
};

TEST_P(Linux, TwoCpusUnderLoad) {
    EXPECT_EQ(number("nproc"), 2);
    // Forks and execs on both CPUs, while others map, touch and unmap memory.
    run("for j in 1 2 3; do (i=0; while [ $i -lt 50 ]; do /bin/busybox true; i=$((i+1)); done) & done; wait", 300s);
    run("for j in 1 2; do (i=0; while [ $i -lt 5 ]; do dd if=/dev/zero of=/tmp/f$j bs=64k count=160 2>/dev/null; cat "
        "/tmp/f$j > /dev/null; rm /tmp/f$j; "
        "i=$((i+1)); done) & done; wait",
        300s);
    run("i=0; while [ $i -lt 15 ]; do ps > /dev/null; ls -lR /proc/self > /dev/null 2>&1; sh -c 'sh -c \"sh -c true\"' "
        "| sort | uniq > /dev/null; i=$((i+1)); done",
        300s);
    // Both CPUs took interrupts and timers.
    const std::string interrupts = run("grep -E 'timer0|timer1|xen-percpu|LOC' /proc/interrupts | head");
    EXPECT_NE(interrupts.find("timer"), std::string::npos) << interrupts;
    expect_quiet_log();
}

TEST_P(Linux, ClockAgreesWithTheHost) {
    // Ten seconds of the guest are about ten of the host: not a speed test, a rate test with a wide margin.
    const long first = number("date +%s");
    const auto start = Clock::now();
    run("sleep 10");
    const long seconds = number("date +%s") - first;
    const double host = std::chrono::duration<double>(Clock::now() - start).count();
    EXPECT_GE(seconds, 10);
    EXPECT_LE(static_cast<double>(seconds), host + 3.0);
    EXPECT_EQ(run("cat /sys/devices/system/clocksource/clocksource0/current_clocksource").find("xen") !=
                  std::string::npos,
              true);
    // Wall clock: the guest's date is the host's, of a time between asking for it and hearing it. (RTCs know whole seconds.)
    const long asked = time(nullptr), date = number("date +%s");
    EXPECT_GE(date, asked - 2);
    EXPECT_LE(date, static_cast<long>(time(nullptr)) + 2);
    expect_quiet_log();
}

TEST_P(Linux, CpuGoesDownAndComesUp) {
    run("echo 0 > /sys/devices/system/cpu/cpu1/online");
    EXPECT_EQ(number("nproc"), 1);
    run("echo 1 > /sys/devices/system/cpu/cpu1/online");
    EXPECT_EQ(number("nproc"), 2);
    run("for j in 1 2; do (i=0; while [ $i -lt 30 ]; do /bin/busybox true; i=$((i+1)); done) & done; wait");
    expect_quiet_log();
}

TEST_P(Linux, PowerOffEndsTheMachine) {
    qemu_->send("poweroff\n");
    const auto status = qemu_->wait_exit(60s);
    ASSERT_TRUE(status.has_value()) << qemu_->tail();
    EXPECT_EQ(*status, 0) << qemu_->tail();
}
INSTANTIATE_TEST_SUITE_P(Debian, Linux, testing::Values(As::guest, As::first_domain), [](const auto& info) {
    return std::string(info.param == As::guest ? "AsGuest" : "AsFirstDomain");
});

} // namespace
} // namespace skerry::test
