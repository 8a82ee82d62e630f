// SPDX-License-Identifier: MIT
// The SDK in other people's builds: with CMake's toolchain file, and with pkg-config. What they build runs as a domain.
#include "qemu.h"

#include <cstdio>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/wait.h>

namespace skerry::test {
namespace {

struct Result {
    int status = -1;
    std::string output;
};

Result shell(const std::string& command) {
    Result result;
    FILE* pipe = popen(("{ " + command + "; } </dev/null").c_str(), "r");
    if (pipe == nullptr) return result;
    char buffer[4096];
    for (size_t size; (size = fread(buffer, 1, sizeof buffer, pipe)) > 0;) result.output.append(buffer, size);
    const int status = pclose(pipe);
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    return result;
}

// Where a project is built, absolute and empty.
std::string build_folder(const std::string& name) {
    const std::string folder = std::filesystem::absolute(build_path("tests/sdk/" + name));
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    return folder;
}
std::string sdk() { return std::filesystem::absolute(build_path("sdk")); }

Result run_program(const std::string& image, const std::string& words) {
    return shell("timeout 100 tools/run-program " + build_path("") + " " + image + " " + words);
}

TEST(Sdk, CMakeToolchainFile) {
    const std::string folder = build_folder("cmake");
    const Result built =
        shell("cmake -S tests/system/sdk/cmake -B " + folder + " -DCMAKE_BUILD_TYPE=Release " +
              "-DCMAKE_TOOLCHAIN_FILE=" + sdk() + "/cmake/skerry.cmake 2>&1 && cmake --build " + folder + " 2>&1");
    ASSERT_EQ(built.status, 0) << built.output;
    const Result result = run_program(folder + "/greet", "'two words'");
    EXPECT_EQ(result.output, "Hello from a CMake project 1.2 for two words\n"
                             "getrandom 1, posix_spawn 1, epoll 0, long double 16\n"
                             "from a thread\ncaught\ngreet: exit status 3\n");
    EXPECT_EQ(result.status, 3);
}

TEST(Sdk, PkgConfig) {
    const std::string folder = build_folder("pkg-config");
    const Result built = shell("PKG_CONFIG_PATH=" + sdk() +
                               "/lib/pkgconfig make -C tests/system/sdk/pkg-config OUT=" + folder + " 2>&1");
    ASSERT_EQ(built.status, 0) << built.output;
    const Result result = run_program(folder + "/root", "2");
    EXPECT_EQ(result.output, "the root of 2 is 1.414214\n");
    EXPECT_EQ(result.status, 0);
}

} // namespace
} // namespace skerry::test
