// SPDX-License-Identifier: MIT
// The test suites of newlib and libstdc++, many tests in each domain (tests/conformance). Each of their tests is one here. CONFORMANCE=full in the
// environment takes the long selection, which `make test-conformance` builds.
#include "qemu.h"

#include <cstdlib>
#include <filesystem>
#include <fnmatch.h>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <sstream>

namespace skerry::test {
namespace {

using namespace std::chrono_literals;

struct SuiteTest {
    std::string image, name;
};
void PrintTo(const SuiteTest& test, std::ostream* stream) { *stream << test.name << " in " << test.image; }

std::string folder() {
    const char* selection = std::getenv("CONFORMANCE");
    return build_path(std::string("conformance/") + (selection != nullptr ? selection : "quick"));
}

/// What build-suite left.
std::vector<SuiteTest> suite_tests() {
    std::vector<SuiteTest> tests;
    std::ifstream list(folder() + "/tests");
    for (SuiteTest test; list >> test.image >> test.name;) tests.push_back(test);
    return tests;
}

Machine machine_of(const std::string& image) {
    Machine machine;
    machine.kernel = build_path("xen-core");
    machine.options = "console=com1 dom0_mem=256M dom0_max_vcpus=1";
    machine.modules = {image, build_path("conformance/data.cpio")};
    return machine;
}

/// Boots each image once, when its first test asks, and gives its output. A test that ends its domain or hangs is passed
/// over by another boot.
const std::string& output_of(const std::string& image) {
    static std::map<std::string, std::string> outputs;
    const auto [at, is_new] = outputs.try_emplace(image);
    if (!is_new) return at->second;
    for (int begun = 0;;) {
        Machine machine = machine_of(folder() + "/" + image);
        machine.modules.front() += " from=" + std::to_string(begun);
        Qemu qemu(machine);
        const int first = begun;
        enum { begins, ends };
        std::optional<size_t> what;
        while ((what = qemu.wait_for_any({"conformance begins ", "conformance ends", "the first domain"}, 120s)) ==
               begins)
            ++begun;
        (void)qemu.wait_for("the first domain", what ? 20s : 0s);
        at->second += qemu.output();
        if (what == ends || begun == first) break; // all have run, or not even one
    }
    std::erase(at->second, '\r');
    return at->second;
}

class Conformance : public testing::TestWithParam<SuiteTest> {};

TEST_P(Conformance, Passes) {
    const std::string& output = output_of(GetParam().image);
    const std::string start = "conformance begins " + GetParam().name + "\n",
                      mark = "\nconformance: " + GetParam().name;
    const size_t begin = output.find(start), end = output.find(mark + ": ", begin);
    ASSERT_NE(begin, std::string::npos) << "never started; the domain's last words: "
                                        << output.substr(output.size() - std::min<size_t>(output.size(), 1500));
    const size_t text = begin + start.size();
    ASSERT_NE(end, std::string::npos) << "did not end: " << output.substr(text, 2000);
    const std::string said = end > text ? output.substr(text, end - text) : "";
    EXPECT_EQ(output.compare(end, mark.size() + 4, mark + ": ok"), 0) << said;

    std::ifstream expected(folder() + "/expected/" + GetParam().name);
    std::istringstream lines(said);
    for (std::string pattern, line; std::getline(expected, pattern);) {
        std::getline(lines, line);
        EXPECT_EQ(fnmatch(pattern.c_str(), line.c_str(), 0), 0)
            << "`" << line << "` should be like `" << pattern << "`";
    }
}

INSTANTIATE_TEST_SUITE_P(Suite, Conformance, testing::ValuesIn(suite_tests()),
                         [](const auto& info) { return info.param.name; });

// newlib.stdlib/atexit.c is about exit, so it has a domain of its own.
TEST(ConformanceOfExit, HandlersRunInReverse) {
    Qemu qemu(machine_of(build_path("conformance/newlib-atexit")));
    EXPECT_TRUE(qemu.wait_for("a0cba", 60s)) << qemu.tail();
    EXPECT_TRUE(qemu.wait_for("the first domain powered off", 20s)) << qemu.tail();
}

TEST(ConformanceSelection, IsThere) { EXPECT_GT(suite_tests().size(), 150u); }

} // namespace
} // namespace skerry::test
