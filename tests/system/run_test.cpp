// SPDX-License-Identifier: MIT
// `make run` as a user meets it: commands through a pipe, own kernels and settings, wrong ones, and what the exit
// status says.
#include "qemu.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/wait.h>

namespace skerry::test {
namespace {

struct Result {
    int status = -1;
    std::string output;
};

// tools/run with settings from the environment, `input` on its standard input, ended after `seconds`.
Result run(const std::string& input, const std::string& environment = "", int seconds = 240) {
    const char* build = std::getenv("BUILD");
    const std::string folder = build != nullptr ? build : "build";
    const std::string command = "printf '" + input + "' | " + environment + " timeout --kill-after=5 " +
                                std::to_string(seconds) + " tools/run " + folder + " 2>&1";
    Result result;
    FILE* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return result;
    char buffer[4096];
    for (size_t size; (size = fread(buffer, 1, sizeof buffer, pipe)) > 0;) result.output.append(buffer, size);
    const int status = pclose(pipe);
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    std::erase(result.output, '\r');
    return result;
}
std::string tail(const std::string& text) { return text.size() > 3000 ? text.substr(text.size() - 3000) : text; }

TEST(Run, CommandsThroughAPipe) {
    const Result result = run("uname -r; nproc; poweroff -f\\n");
    EXPECT_EQ(result.status, 0) << tail(result.output);
    EXPECT_NE(result.output.find("\n6.1."), std::string::npos) << tail(result.output);
    EXPECT_NE(result.output.find("\n2\n"), std::string::npos) << tail(result.output);
}
TEST(Run, MemoryAndVcpusAreTheGuests) {
    const Result result = run("nproc; grep MemTotal /proc/meminfo; poweroff\\n", "MEMORY=256M VCPUS=1");
    EXPECT_EQ(result.status, 0) << tail(result.output);
    EXPECT_NE(result.output.find("\n1\n"), std::string::npos) << tail(result.output);
    EXPECT_NE(result.output.find("MemTotal:         2"), std::string::npos) << tail(result.output); // 2xx,xxx kB
}
TEST(Run, CommandLineReachesTheKernel) {
    const Result result = run("cat /proc/cmdline; poweroff -f\\n", "CMDLINE='console=hvc0 quiet answer=42'");
    EXPECT_EQ(result.status, 0) << tail(result.output);
    EXPECT_NE(result.output.find("quiet answer=42"), std::string::npos) << tail(result.output);
}
TEST(Run, ACorruptKernelIsSaidAndIsAFailure) {
    // The second half of the compressed kernel is noise.
    const std::string path = build_path("tests/corrupt-vmlinuz");
    std::filesystem::create_directories(build_path("tests"));
    std::filesystem::copy_file(build_path("debian/vmlinuz"), path, std::filesystem::copy_options::overwrite_existing);
    const auto size = std::filesystem::file_size(path);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(size / 2));
    for (int i = 0; i < 4096; i++) file.put(static_cast<char>(i * 37));
    file.close();
    const Result result = run("", "KERNEL=" + path);
    EXPECT_NE(result.status, 0) << tail(result.output);
    EXPECT_NE(result.output.find("pv-boot"), std::string::npos) << tail(result.output);
}
TEST(Run, MissingFilesAndNonsenseSettings) {
    EXPECT_NE(run("", "KERNEL=/does/not/exist").status, 0);
    EXPECT_NE(run("", "MEMORY=much").status, 0);
    EXPECT_NE(run("", "VCPUS=none").status, 0);
    EXPECT_NE(run("", "KERNEL=/does/not/exist").output.find("cannot read /does/not/exist"), std::string::npos);
}
TEST(Run, ASmallGuestThatCannotHoldItsKernel) {
    const Result result = run("", "MEMORY=16M");
    EXPECT_NE(result.status, 0) << tail(result.output);
}

} // namespace
} // namespace skerry::test
