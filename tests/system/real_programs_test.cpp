// SPDX-License-Identifier: MIT
// Programs that others wrote (third-party/, stubdoms/apps), each as first domain, doing what they are for. With SKERRY_LONG set, the runs that take
// minutes instead (`make test-programs-long`).
#include "qemu.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace skerry::test {
namespace {

using namespace std::chrono_literals;

struct Errand {
    std::string name;
    std::string command;                 // a program of build/apps and its arguments
    std::vector<std::string> expected{}; // what it says, in this order; then it ends with status 0
    std::vector<std::string> files{};    // what it finds in /files: files and folders
    std::string prepare{}; // a command of the host's shell that makes more files, run where they are gathered
    unsigned memory_mib = 32;
    std::string clock = "2023-06-01"; // mbedTLS's test certificates are valid then
};

const std::string sqlite_tests = build_path("third-party/sqlite/source/test/");
const std::string duktape = build_path("third-party/duktape/source/");

Errand fuzz(int number, int tests) {
    const std::string file = "fuzzdata" + std::to_string(number) + ".db";
    return {.name = "SqliteFuzz" + std::to_string(number),
            .command = "sqlite-fuzzcheck /files/" + file,
            .expected = {"fuzzcheck: 0 errors out of " + std::to_string(tests) + " tests"},
            .files = {sqlite_tests + file},
            .memory_mib = 224};
}

/// Files of SQLite's own suite, by patterns with % for *, as its "veryquick" runs them: on the file system in memory.
Errand sqlite_suite(const std::string& name, const std::string& patterns, int tests) {
    const std::string tcl = build_path("third-party/tcl/source/library");
    const std::string sources = std::filesystem::absolute(sqlite_tests).string();
    return {.name = "SqliteSuite" + name,
            .command =
                "sqlite-testfixture TCL_LIBRARY=/files/library /files/test/permutations.test veryquick " + patterns,
            .expected = {"0 errors out of " + std::to_string(tests) + " tests on  minios 64-bit little-endian"},
            .files = {tcl},
            .prepare = "mkdir test && cp " + sources + "*.test " + sources + "*.tcl test/",
            .memory_mib = 256};
}

Errand mbedtls_suite(const std::string& suite, const std::string& result) {
    std::string name = "Mbedtls_" + suite;
    for (char& c : name) c = c == '.' ? '_' : c;
    return {.name = name,
            .command = "mbedtls-" + suite + " test_suite_" + suite + ".datax",
            .expected = {"PASSED (" + result + ")"},
            .files = {build_path("third-party/mbedtls/suites/test_suite_" + suite + ".datax"),
                      build_path("third-party/mbedtls/source/tests/data_files")},
            .memory_mib = 64};
}

std::vector<Errand> short_runs() {
    return {
        {.name = "Sqlite",
         .command = "sqlite :memory: '.read /files/check.sql'",
         .expected = {"SEARCH city USING COVERING INDEX by_people (people=?)", "16777216", "sqlite: 31 checks passed"},
         .files = {"stubdoms/apps/sqlite/check.sql"}},
        // The hash over all results is what SQLite says on Linux.
        {.name = "SqliteSpeedtest1",
         .command = "sqlite-speedtest1 --size 2 --verify /tmp/speed.db",
         .expected = {"980 - PRAGMA integrity_check",
                      "Verification Hash: 244592 28e6676ac610b0067f7b48634a7665a3ccf4f1ef8d7fd374"}},
        fuzz(4, 2575),
        sqlite_suite("Quick", "select[13-8A-F].test join.test join[2-9].test where.test where[2-69A-M].test", 3128),
        {.name = "ZlibExample",
         .command = "zlib-example",
         .expected = {"uncompress(): hello, hello!", "gzread(): hello, hello!", "gzgets() after gzseek:  hello!",
                      "inflate(): hello, hello!", "large_inflate(): OK", "after inflateSync(): hello, hello!",
                      "inflate with dictionary: hello, hello!"}},
        {.name = "ZlibThereAndBack",
         .command = "zlib-check /files/packed.gz /files/plain",
         .expected = {"zlib: 7 files there and back"},
         .prepare = "seq 1 50000 > plain && gzip -9 < plain > packed.gz"},
        // Without that of the timers, which spins until a signal's handler has run: here nothing interrupts a thread that computes.
        {.name = "MbedtlsSelfTest",
         .command = "mbedtls -x timing",
         .expected = {"Executed 26 test suites", "[ All tests PASS ]"}},
        mbedtls_suite("pkparse", "290 / 290 tests (0 skipped)"),
        mbedtls_suite("psa_its", "25 / 25 tests (0 skipped)"),
        mbedtls_suite("x509parse", "773 / 773 tests (39 skipped)"),
        {.name = "Duktape",
         .command = "duk /files/check.js /files/fib.js /files/mandel.js",
         .expected = {"duktape: 19 checks passed", "0 1 1 2 3 5 8 13 21 34 55 89 144 233 377 610 987 1597 2584 4181",
                      "...,,,,,,,,,,,,,,----------------==########################=-----,,,,,,,,,.."},
         .files = {"stubdoms/apps/duktape/check.js", duktape + "examples/guide/fib.js", duktape + "mandel.js"}},
        {.name = "HttpServer",
         .command = "http-check",
         .expected = {"http: 648 answers, 48801966 bytes, as they should be"},
         .prepare =
             "mkdir folder && : > empty && echo small > small.txt && seq 2000 | head -c 5000 > folder/inner.html && "
             "seq 1 60000 | head -c 300000 > large.bin"},
        {.name = "TlsEcho",
         .command = "tls-echo",
         .expected = {"tls-echo: 8 connections, 1298156 bytes came back, 5 refused"}},
        {.name = "DuktapeEventLoop",
         .command = "duk-event-loop echo.js",
         .expected = {"event loop: 240000 bytes came back"},
         .files = {"stubdoms/apps/duktape/echo.js", duktape + "examples/eventloop/ecma_eventloop.js"}},
    };
}

std::vector<Errand> long_runs() {
    return {
        {.name = "SqliteSpeedtest1",
         .command = "sqlite-speedtest1 --size 50 --verify /tmp/speed.db",
         .expected = {"Verification Hash: 11511920 24ee7d7b1a672ca99d80b93c6241a122cba2a0fc2014c930"},
         .memory_mib = 256},
        sqlite_suite("SelectJoinWhere", "select%.test join%.test where%.test", 28256),
        fuzz(3, 2316),
        fuzz(5, 8834),
        fuzz(6, 3896),
        mbedtls_suite("bignum.misc", "633 / 633 tests (1 skipped)"),
        mbedtls_suite("rsa", "180 / 180 tests (5 skipped)"),
        mbedtls_suite("ssl", "2520 / 2520 tests (1434 skipped)"),
    };
}

bool long_ones() { return std::getenv("SKERRY_LONG") != nullptr; }

/// The archive that is /files, as a boot module.
std::string gather(const Errand& run) {
    const std::string folder = build_path("tests/real/" + run.name);
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    for (const auto& file : run.files)
        std::filesystem::copy(file, folder + "/" + std::filesystem::path(file).filename().string(),
                              std::filesystem::copy_options::recursive);
    const std::string pack = (run.prepare.empty() ? "" : "(" + run.prepare + ") && ") +
                             std::string("find . | cpio -o -H newc 2>/dev/null > ../");
    EXPECT_EQ(std::system(("cd " + folder + " && " + pack + run.name + ".cpio").c_str()), 0);
    return folder + ".cpio";
}

class RealPrograms : public testing::TestWithParam<Errand> {};

TEST_P(RealPrograms, Works) {
    const Errand& run = GetParam();
    const auto limit = long_ones() ? 1800s : 300s;
    Machine machine;
    machine.kernel = build_path("xen-core");
    machine.options = "console=com1 dom0_max_vcpus=1 dom0_mem=" + std::to_string(run.memory_mib) + "M";
    machine.memory_mib = run.memory_mib + 128;
    machine.cpus = 1;
    machine.modules = {build_path("apps/" + run.command)};
    if (!run.files.empty() || !run.prepare.empty()) machine.modules.push_back(gather(run));
    machine.more = {"-rtc", "base=" + run.clock};
    Qemu qemu(machine);
    for (const auto& text : run.expected)
        ASSERT_TRUE(qemu.wait_for(text, limit)) << "no `" << text << "` in:\n" << qemu.tail();
    EXPECT_TRUE(qemu.wait_for("the first domain powered off", 60s)) << qemu.tail();
    EXPECT_EQ(qemu.output().find("FAILED"), std::string::npos) << qemu.tail();
}

INSTANTIATE_TEST_SUITE_P(Programs, RealPrograms, testing::ValuesIn(long_ones() ? long_runs() : short_runs()),
                         [](const auto& info) { return info.param.name; });

} // namespace
} // namespace skerry::test
