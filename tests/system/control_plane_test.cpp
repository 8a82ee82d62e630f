// SPDX-License-Identifier: MIT
// The platform as an operator runs it: the control plane in its domains, and `skerry` on the second serial line. Real guests: a
// Debian kernel with Debian's xenstore-utils, and a program of the SDK.
#include "qemu.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace skerry::test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

struct Answer {
    int status = -1;
    std::string text; // what it said, errors included
};

class ControlPlane : public testing::Test {
  protected:
    // The platform of `make run`, but for its guest.
    void SetUp() override {
        folder_ = fs::absolute(build_path("tests/control-plane"));
        fs::remove_all(folder_);
        fs::create_directories(folder_ / "images");
        for (const auto& [name, file] : {std::pair{"pv-boot", "pv-boot"},
                                         {"kernel", "debian/vmlinuz"},
                                         {"initrd", "initramfs.cpio.gz"},
                                         {"checks", "tests/xenstore-guest.cpio.gz"},
                                         {"hello", "apps/hello-c"}})
            fs::copy_file(fs::canonical(build_path(file)), folder_ / "images" / name);
        ASSERT_EQ(run("cd '" + (folder_ / "images").string() +
                      "' && printf '%s\\n' * | cpio --quiet -o -H newc > ../images.cpio")
                      .status,
                  0);
        const auto images = fs::file_size(folder_ / "images.cpio") / 1048576 + 1;
        ASSERT_EQ(run("IMAGES=" + std::to_string(images) + " builder-domain/make-platform '" +
                      (folder_ / "platform").string() + "' PLANE=yes GUEST=no")
                      .status,
                  0);
        Machine machine;
        machine.kernel = build_path("xen-core");
        machine.options = "console=com1 dom0_max_vcpus=1 dom0_mem=" + std::to_string(2 * images + 64) + "M";
        machine.memory_mib = static_cast<unsigned>(640 + 4 * images);
        machine.modules = {build_path("builder-domain"),
                           (folder_ / "platform").string() + " platform",
                           build_path("console") + " console",
                           build_path("builder-domain") + " builder-domain",
                           build_path("apps/xenstore") + " xenstore",
                           build_path("toolstack") + " toolstack",
                           (folder_ / "images.cpio").string() + " images.cpio"};
        // A socket's path is short: it cannot lie where the build does.
        sockets_ = fs::temp_directory_path() / ("skerry-test-" + std::to_string(getpid()));
        fs::create_directories(sockets_);
        machine.more = {"-chardev", "socket,id=operator,path=" + (sockets_ / "serial").string() + ",server=on,wait=off",
                        "-serial", "chardev:operator"};
        qemu_ = std::make_unique<Qemu>(machine);
        ASSERT_TRUE(qemu_->wait_for("4 of 4 domains run", 120s)) << qemu_->tail();
        start_broker();
    }
    void TearDown() override {
        if (broker_ > 0) {
            kill(broker_, SIGTERM);
            waitpid(broker_, nullptr, 0);
        }
        if (HasFailure() && qemu_) std::printf("%s\n", qemu_->tail(6000).c_str());
        fs::remove_all(sockets_);
    }

    static Answer run(const std::string& command) {
        Answer answer;
        FILE* pipe = popen((command + " 2>&1").c_str(), "r");
        std::array<char, 4096> piece;
        while (size_t count = fread(piece.data(), 1, piece.size(), pipe)) answer.text.append(piece.data(), count);
        const int status = pclose(pipe);
        answer.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
        return answer;
    }
    Answer skerry(const std::string& words) const {
        return run("SKERRY_SOCKET='" + (sockets_ / "operators").string() + "' timeout 300 " + build_path("skerry") +
                   " " + words);
    }
    // It succeeds and says all of this.
    void expect(const std::string& words, const std::vector<std::string>& texts) const {
        const Answer answer = skerry(words);
        EXPECT_EQ(answer.status, 0) << words << ":\n" << answer.text;
        for (const auto& text : texts)
            EXPECT_NE(answer.text.find(text), std::string::npos) << words << ":\n" << answer.text;
    }
    void expect_failure(const std::string& words, const std::string& text) const {
        const Answer answer = skerry(words);
        EXPECT_NE(answer.status, 0) << words << ":\n" << answer.text;
        EXPECT_NE(answer.text.find(text), std::string::npos) << words << ":\n" << answer.text;
    }
    // `skerry log` of that domain comes to say it.
    void expect_log(const std::string& domain, const std::string& text) const {
        Answer answer;
        for (int tries = 0; tries < 120; ++tries) {
            answer = skerry("log " + domain);
            if (answer.text.find(text) != std::string::npos) return;
            sleep(1);
        }
        ADD_FAILURE() << "no `" << text << "` in the log of " << domain << ":\n" << answer.text;
    }
    std::string config(const std::string& name, const std::string& text) const {
        const fs::path path = folder_ / (name + ".cfg");
        std::ofstream(path) << "name = \"" << name << "\"\n" << text;
        return path.string();
    }

  private:
    void start_broker() {
        broker_ = fork();
        if (broker_ == 0) {
            const std::string program = build_path("skerry");
            execl(program.c_str(), "skerry", "broker", "--serial", (sockets_ / "serial").c_str(), "--listen",
                  (sockets_ / "operators").c_str(), nullptr);
            _exit(127);
        }
        for (int tries = 0; tries < 100 && !fs::exists(sockets_ / "operators"); ++tries) usleep(100'000);
    }

    fs::path folder_, sockets_;
    std::unique_ptr<Qemu> qemu_;
    pid_t broker_ = -1;
};

const std::string linux_kernel = "kernel = \"image:kernel\"\nmemory = 192\nvcpus = 2\nextra = \"console=hvc0 quiet\"\n";
const std::string linux_guest = linux_kernel + "ramdisk = \"image:initrd\"\n";

TEST_F(ControlPlane, AnOperatorsDay) {
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

TEST_F(ControlPlane, EachServiceIsReplacedWhileAGuestRuns) {
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

TEST_F(ControlPlane, WhatIsWrongIsSaidAndChangesNothing) {
    expect_failure("create " + config("a", "kernel = \"image:none\"\nmemory = 16\n"), "none");
    expect_failure("create " + config("b", "kernel = \"image:hello\"\nmemory = 1000000\n"), "KiB are free");
    expect_failure("create " + config("c", "kernel = \"image:hello\"\nmemory = 16\nvif = [ '' ]\n"), "vif");
    expect_failure("create " + config("d", "kernel = \"image:hello\"\nmemmory = 16\n"), "memmory");
    expect_failure("create " + config("e", "kernel = \"/no/such/file\"\nmemory = 16\n"), "/no/such/file");
    const Answer before = skerry("info");
    for (int i = 0; i < 10; ++i) {
        expect("create " + config("short", "kernel = \"image:hello\"\nmemory = 16\non_poweroff = \"preserve\"\n"), {});
        expect("destroy short", {});
    }
    const auto free_memory = [](const std::string& text) { return text.substr(text.find("free memory"), 40); };
    EXPECT_EQ(free_memory(skerry("info").text), free_memory(before.text));
    expect("list", {"toolstack"});
}

} // namespace
} // namespace skerry::test
