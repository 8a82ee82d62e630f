// SPDX-License-Identifier: MIT
// Memory of programs as domains: what happens to those that misuse it, where it lies, and how little of it is enough. Many
// domains on one platform, each with its voice behind its name.
#include "qemu.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <sstream>

namespace skerry::test {
namespace {

using namespace std::chrono_literals;

struct Lodger {
    std::string name, image, memory, command_line;
};

/// What each domain said, by name; and what the founder said of them. Boots once for each list.
class Platform {
  public:
    Platform(const std::string& name, const std::vector<Lodger>& lodgers) {
        const std::string description = build_path("tests/platforms/" + name);
        std::filesystem::create_directories(build_path("tests/platforms"));
        std::ofstream file(description);
        Machine machine;
        machine.kernel = build_path("xen-core");
        machine.options = "console=com1 dom0_max_vcpus=1 dom0_mem=64M";
        machine.modules = {build_path("builder-domain"), description + " platform"};
        std::vector<std::string> images;
        for (const Lodger& lodger : lodgers) {
            file << "[domain " << lodger.name << "]\nkernel = " << lodger.image << "\nmemory = " << lodger.memory
                 << "\ncmdline = " << lodger.command_line << "\nconsole = founder\n";
            if (std::find(images.begin(), images.end(), lodger.image) != images.end()) continue;
            images.push_back(lodger.image);
            machine.modules.push_back(build_path("apps/" + lodger.image));
        }
        file.close();
        Qemu qemu(machine);
        for (size_t ended = 0; ended < lodgers.size(); ++ended)
            EXPECT_TRUE(qemu.wait_for(": destroyed", 60s)) << ended << " domains ended\n" << qemu.tail();
        std::istringstream lines(qemu.output());
        for (std::string line; std::getline(lines, line);) {
            std::erase(line, '\r');
            if (const auto colon = line.find(": "); colon != std::string::npos)
                said_[line.substr(0, colon)] += line.substr(colon + 2) + "\n";
        }
    }
    const std::string& said(const std::string& name) { return said_[name]; }

  private:
    std::map<std::string, std::string> said_;
};

struct Misuse {
    std::string name;
    std::vector<std::string> told;
};

const std::vector<Misuse> misuses = {
    {"released-small-write",
     {"byte 7 of the released block of 40 bytes", "back trace of its allocation", "allocate_here",
      "back trace of its release", "release_here", "heap: written to after it was released"}},
    {"released-large-write",
     {"page fault", "byte 7 of the released block of 10000 bytes", "allocate_here", "release_here",
      "released_large_write"}},
    {"released-large-read",
     {"page fault", "byte 9999 of the released block of 10000 bytes", "allocate_here", "release_here",
      "released_large_read"}},
    {"released-pointer", {"general protection", "is what released blocks are filled with", "released_pointer"}},
    {"released-twice",
     {"byte 0 of the released block of 100 bytes", "release_here", "heap: released twice", "released_twice"}},
    {"small-overflow",
     {"0 bytes behind the end of the block of 100 bytes", "allocate_here", "heap: written behind the end of a block"}},
    {"large-overflow", {"page fault", "0 bytes behind the end of the block of 8000 bytes", "large_overflow"}},
    {"underflow",
     {"3 bytes before the beginning of the block of 100 bytes", "heap: written before the beginning of a block"}},
    {"overflow-until-end",
     {"end of overflow-until-end", "1 bytes behind the end of the block of 100 bytes", "allocate_here"}},
    {"inner-release",
     {"byte 16 of the block of 100 bytes", "heap: a pointer into a block is not a block", "inner_release"}},
    {"stray-release", {"is no block", "stray_release"}},
    {"read-only-page", {"page fault", "a page that may not be written", "read_only_page"}},
    {"no-access", {"page fault", "a page that may not be touched", "no_access"}},
    {"execution", {"page fault (vector 14, error 11)", "main"}},
    {"execution-of-constants", {"page fault (vector 14, error 11)", "main"}},
    {"constants", {"page fault (vector 14, error 3)", "constants"}},
    {"text", {"page fault (vector 14, error 3)", "back trace"}},
    {"behind-file", {"read 115", "page fault", "a page behind the end of the mapped file", "behind_file"}},
    {"unpromised", {"page fault", "no memory for a page that nobody promised", "unpromised"}},
    {"smashed-stack", {"minios panic: a stack was smashed", "copy_too_much"}},
    {"stack-overflow", {}}, // told from outside: there is no stack to tell it on
    {"guard-of-main", {"page fault", "a guard", "guard_of_main"}},
    {"guard-of-thread", {"page fault", "a guard", "read_below_thread"}},
    {"thread-overflow", {}},
};

class MemoryMisuse : public testing::TestWithParam<Misuse> {
  protected:
    static Platform& platform() {
        static Platform platform("misuse", [] {
            std::vector<Lodger> lodgers;
            for (const Misuse& misuse : misuses)
                lodgers.push_back({misuse.name, "check-misuse", "3M", "SKERRY_HEAP=debug " + misuse.name});
            return lodgers;
        }());
        return platform;
    }
};

TEST_P(MemoryMisuse, IsTold) {
    const std::string& said = platform().said(GetParam().name);
    size_t at = 0;
    for (const std::string& text : GetParam().told) {
        at = said.find(text, at);
        ASSERT_NE(at, std::string::npos) << "no `" << text << "` in:\n" << said;
    }
    EXPECT_TRUE(said.find("end of " + GetParam().name) == std::string::npos || GetParam().name == "overflow-until-end");
    EXPECT_NE(platform().said("founder").find(" " + GetParam().name + " crashed"), std::string::npos)
        << platform().said("founder");
}

INSTANTIATE_TEST_SUITE_P(Each, MemoryMisuse, testing::ValuesIn(misuses), [](const auto& info) {
    std::string name = info.param.name;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

/// The values of the line "addresses: NAME VALUE ...".
std::map<std::string, std::string> addresses(const std::string& said) {
    std::map<std::string, std::string> found;
    std::istringstream words(said.substr(std::min(said.find("addresses: "), said.size())));
    std::string name, value;
    words >> name;
    for (int i = 0; i < 4 && words >> name >> value; ++i) found[name] = value;
    return found;
}

TEST(Memory, LayoutAndSize) {
    Platform platform("memory", {{"one", "check-randomness", "4M", ""},
                                 {"two", "check-randomness", "4M", ""},
                                 {"fixed", "check-randomness", "4M", "SKERRY_LAYOUT=fixed"},
                                 {"again", "check-randomness", "4M", "SKERRY_LAYOUT=fixed"},
                                 {"small", "hello-c", "2M", "greet"},
                                 {"debug", "check-misuse", "8M", "SKERRY_HEAP=debug"},
                                 {"pages", "check-misuse", "8M", "SKERRY_HEAP=pages"},
                                 {"wrong", "check-misuse", "4M", "SKERRY_HEAP=nonsense"}});
    auto one = addresses(platform.said("one")), two = addresses(platform.said("two"));
    auto fixed = addresses(platform.said("fixed")), again = addresses(platform.said("again"));
    for (const char* what : {"stack", "heap", "mapping"}) {
        EXPECT_NE(one[what], "");
        EXPECT_NE(one[what], two[what]) << what;
        EXPECT_NE(fixed[what], "");
        EXPECT_EQ(fixed[what], again[what]) << what;
    }
    EXPECT_NE(one["guard"], two["guard"]);
    EXPECT_NE(fixed["guard"], again["guard"]) << "the stack guard is random in every layout";

    // A C program runs in 2 MiB, and its image is small.
    EXPECT_LT(std::filesystem::file_size(build_path("apps/hello-c")), 256u << 10);
    EXPECT_NE(platform.said("small").find("Hello from C, 1 argument"), std::string::npos) << platform.said("small");
    EXPECT_NE(platform.said("founder").find("small powered off"), std::string::npos) << platform.said("founder");

    // A correct program runs with the heap that looks for misuse.
    for (const char* name : {"debug", "pages"})
        EXPECT_NE(platform.said(name).find("checks: 4 passed, 0 failed"), std::string::npos) << platform.said(name);
    EXPECT_NE(platform.said("wrong").find("SKERRY_HEAP can be debug or pages"), std::string::npos);
}

} // namespace
} // namespace skerry::test
