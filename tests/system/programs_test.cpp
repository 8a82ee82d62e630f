// SPDX-License-Identifier: MIT
// Programs as domains (stubdoms/apps): the same image as first domain of the machine, and as a domain that the builder builds.
#include "qemu.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace skerry::test {
namespace {

using namespace std::chrono_literals;

enum class As { first_domain, lodger };

class Programs : public testing::TestWithParam<As> {
  protected:
    // Starts build/apps/NAME with these arguments, in 16 MiB.
    void start(const std::string& program, const std::string& arguments) {
        Machine machine;
        machine.kernel = build_path("xen-core");
        machine.options = "console=com1 dom0_max_vcpus=1 dom0_mem=" + std::string(lodger() ? "64M" : "16M");
        if (!lodger()) {
            machine.modules = {build_path("apps/" + program) + " " + arguments};
        } else {
            const std::string platform = build_path("tests/platforms/program-" + name());
            std::filesystem::create_directories(build_path("tests/platforms"));
            std::ofstream(platform)
                << "[domain a]\nkernel = " << program << "\nmemory = 16M\ncmdline = " << arguments
                << "\nconsole = founder\non_poweroff = poweroff-platform\non_crash = poweroff-platform\n";
            machine.modules = {build_path("builder-domain"), platform + " platform", build_path("apps/" + program)};
        }
        qemu_ = std::make_unique<Qemu>(machine);
    }
    void expect(const std::vector<std::string>& texts, std::chrono::seconds limit = 60s) {
        for (const auto& text : texts)
            ASSERT_TRUE(qemu_->wait_for(text, limit)) << "no `" << text << "` in:\n" << qemu_->tail();
    }
    void expect_power_off() {
        expect({lodger() ? "domain 1 a powered off: the platform powers off" : "the first domain powered off"});
        EXPECT_EQ(qemu_->wait_exit(20s), 0);
    }
    void expect_crash() { expect({lodger() ? "domain 1 a crashed" : "the first domain crashed"}); }
    static bool lodger() { return GetParam() == As::lodger; }
    static std::string name() {
        std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
        for (char& c : name) c = c == '/' ? '-' : c;
        return name;
    }

    std::unique_ptr<Qemu> qemu_;
};

TEST_P(Programs, C) {
    start("hello-c", "GREETING=Ahoy one 'two words'");
    expect({"Ahoy from C, 2 arguments", "argument 1: one", "argument 2: two words",
            "pi is about 3.1415926536, a third of a million 333333", "4 MiB of zeros: ok",
            "standard input is a terminal", "fork: -1, Function not implemented",
            "/etc/passwd: No such file or directory"});
    expect_power_off();
}

TEST_P(Programs, ExitStatus) {
    start("hello-c", "exit=3");
    expect({"hello-c: exit status 3"});
    expect_crash();
}

TEST_P(Programs, Cxx) {
    start("hello-cxx", "");
    expect({"constructed before main", "Hello from C++, 0 arguments", "ranges and string streams: ok",
            "exception, caught as its base class: ok", "(which is 7) >= this->size() (which is 3)",
            "memory that is not there: ok", "dynamic_cast: ok", "eight threads and a mutex: ok", "thread_local: ok",
            "exception through a future: ok", "condition variable with a timeout: ok", "destroyed after main"});
    expect_power_off();
    EXPECT_EQ(qemu_->output().find("FAILED"), std::string::npos);
}

TEST_P(Programs, ExceptionOutOfMain) {
    start("hello-cxx", "throw");
    expect({"terminate called after throwing an instance of 'std::runtime_error'", "what():  nobody catches this",
            "ended by signal 6 (abort)"});
    expect_crash();
}

INSTANTIATE_TEST_SUITE_P(Domains, Programs, testing::Values(As::first_domain, As::lodger),
                         [](const auto& info) { return info.param == As::lodger ? "lodger" : "first_domain"; });

// The programs of tests/programs, each as first domain: they check themselves.
std::vector<std::string> check_programs() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator("tests/programs"))
        if (std::filesystem::exists(entry.path() / "main.c") || std::filesystem::exists(entry.path() / "main.cpp"))
            names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

/// The boot module of check-archive: by `cpio` or by a format of tar.
std::string make_archive(const std::string& format) {
    const std::string folder = build_path("tests/archive"), archive = build_path("tests/archive." + format);
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder + "/folder");
    std::ofstream(folder + "/greeting") << "hello from the archive\n";
    std::ofstream(folder + "/folder/inner") << "inner\n";
    std::filesystem::create_symlink("../greeting", folder + "/folder/link");
    if (format != "cpio") std::filesystem::create_hard_link(folder + "/greeting", folder + "/folder/twin");
    const std::string pack =
        format == "cpio" ? "find . | cpio --quiet -o -H newc" : "tar --format=" + format + " -cf - greeting folder";
    const std::string command = "cd " + folder + " && chmod 640 greeting && touch -d @1000000000 greeting && " + pack +
                                " > ../archive." + format;
    EXPECT_EQ(std::system(command.c_str()), 0);
    return archive;
}

/// Runs build/apps/check-NAME, which checks itself.
void run_checks(const std::string& name, const std::string& module = "", const std::string& arguments = "",
                const std::string& memory = "16M") {
    Machine machine;
    machine.kernel = build_path("xen-core");
    machine.options = "console=com1 dom0_max_vcpus=1 dom0_mem=" + memory;
    machine.modules = {build_path("apps/check-" + name) + " " + arguments};
    if (!module.empty()) machine.modules.push_back(module);
    Qemu qemu(machine);
    ASSERT_TRUE(qemu.wait_for("checks: ", 90s)) << qemu.tail();
    EXPECT_TRUE(qemu.wait_for("the first domain powered off", 20s));
    std::string failures;
    std::istringstream lines(qemu.output());
    for (std::string line; std::getline(lines, line);)
        if (line.find(": FAILED") != std::string::npos) failures += line + "\n";
    EXPECT_EQ(failures, "");
}

class ProgramChecks : public testing::TestWithParam<std::string> {};

TEST_P(ProgramChecks, Pass) { run_checks(GetParam(), GetParam() == "archive" ? make_archive("cpio") : ""); }
TEST(Exhaustion, OfALargeDomain) { run_checks("exhaustion", "", "large", "300M"); }
TEST(Archives, Tar) { run_checks("archive", make_archive("pax"), "twin"); }

INSTANTIATE_TEST_SUITE_P(Folders, ProgramChecks, testing::ValuesIn(check_programs()), [](const auto& info) {
    std::string name = info.param;
    for (char& c : name) c = c == '-' ? '_' : c;
    return name;
});

// Lua's interpreter, with its script in a boot module.
TEST(RealPrograms, Lua) {
    Machine machine;
    machine.kernel = build_path("xen-core");
    machine.options =
        "console=com1 dom0_mem=128M dom0_max_vcpus=1"; // Lua's stack may take 16 MiB, twice while it grows
    const std::string archive = build_path("tests/lua.cpio");
    std::filesystem::create_directories(build_path("tests"));
    ASSERT_EQ(std::system(("(cd stubdoms/apps/lua && find . | cpio -o -H newc 2>/dev/null) > " + archive).c_str()), 0);
    machine.modules = {build_path("apps/lua") + " /files/check.lua", archive};
    Qemu qemu(machine);
    EXPECT_TRUE(qemu.wait_for("lua: 24 checks passed", 60s)) << qemu.tail();
    EXPECT_TRUE(qemu.wait_for("the first domain powered off", 20s)) << qemu.tail();
}

// docs/posix.md names every call that our half of the C library defines, as `call` or in a list of them.
TEST(Posix, ThePageListsEveryCall) {
    std::ifstream file("docs/posix.md");
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    const std::string libraries = build_path("sdk/lib/libskerryc.a") + " " + build_path("sdk/lib/libskerrynet.a");
    // C names; those with another prefix are newlib's or lwIP's way in, or minios's own.
    const std::string command = "nm --defined-only --format=posix " + libraries +
                                " | awk '$2 == \"T\" || $2 == \"W\" { print $1 }' | " +
                                "grep -Ev '^(_|minios_|sys_|newlib_)' | sort -u";
    FILE* names = popen(command.c_str(), "r");
    ASSERT_NE(names, nullptr);
    char line[256];
    int count = 0;
    for (; fgets(line, sizeof line, names) != nullptr; ++count) {
        const std::string name(line, strcspn(line, "\n"));
        bool found = false;
        for (size_t at = page.find(name); at != std::string::npos && !found; at = page.find(name, at + 1)) {
            const auto ends_word = [](char c) { return c == ' ' || c == '`'; };
            found = at > 0 && ends_word(page[at - 1]) && ends_word(page[at + name.size()]);
        }
        EXPECT_TRUE(found) << name << " is not in docs/posix.md";
    }
    pclose(names);
    EXPECT_GT(count, 150);
}

// What is typed reaches the program as edited lines.
TEST(ProgramConsole, ReadsALine) {
    Machine machine;
    machine.kernel = build_path("xen-core");
    machine.options = "console=com1 dom0_mem=16M dom0_max_vcpus=1";
    machine.modules = {build_path("apps/hello-c") + " ask"};
    Qemu qemu(machine);
    ASSERT_TRUE(qemu.wait_for("What is your name? ", 60s)) << qemu.tail();
    qemu.send("Rockx\x7f all\r");
    EXPECT_TRUE(qemu.wait_for("Hello, Rock all!", 20s)) << qemu.tail();
}

TEST(ProgramConsole, CharactersAndCtrlC) {
    Machine machine;
    machine.kernel = build_path("xen-core");
    machine.options = "console=com1 dom0_mem=16M dom0_max_vcpus=1";
    machine.modules = {build_path("apps/check-terminal") + " typed"};
    Qemu qemu(machine);
    const std::pair<const char*, const char*> dialogue[] = {{"type abc:", "a\x7f"
                                                                          "c"},
                                                            {"type half a line and Ctrl-C:", "half\x03"},
                                                            {"type a line:", "whole\r"},
                                                            {"type Ctrl-C:", "\x03"}};
    for (const auto& [question, answer] : dialogue) {
        ASSERT_TRUE(qemu.wait_for(question, 60s)) << qemu.tail();
        qemu.send(answer);
    }
    EXPECT_TRUE(qemu.wait_for("ended by signal 2", 20s)) << qemu.tail();
    EXPECT_EQ(qemu.output().find(": FAILED"), std::string::npos) << qemu.output();
}

} // namespace
} // namespace skerry::test
