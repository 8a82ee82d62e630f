// SPDX-License-Identifier: MIT
// build/minios-check as the first domain: its own checks, and each forbidden act, which must end the domain with a
// panic that says what happened. With SKERRY_ORACLE=1 on Debian's Xen.
#include "qemu.h"

#include <cstdlib>
#include <gtest/gtest.h>

namespace skerry::test {
namespace {

using namespace std::chrono_literals;

Machine machine_for(const std::string& arguments) {
    Machine machine;
    machine.kernel = build_path(std::getenv("SKERRY_ORACLE") != nullptr ? "debian/xen" : "xen-core");
    machine.options = "console=com1 dom0_mem=32M dom0_max_vcpus=1 loglvl=all guest_loglvl=all";
    machine.modules = {build_path("minios-check") + " " + arguments};
    return machine;
}

TEST(Minios, ChecksItself) {
    Qemu qemu(machine_for("'two words' three"));
    ASSERT_TRUE(qemu.wait_for("argument 1: 'two words'", 120s)) << qemu.tail();
    EXPECT_TRUE(qemu.wait_for("argument 2: 'three'", 10s));
    ASSERT_TRUE(qemu.wait_for("minios-check: ", 90s)) << qemu.tail();
    EXPECT_TRUE(qemu.wait_for(" passed, 0 failed", 10s)) << qemu.tail();
}

struct Death {
    const char* how;
    const char* said;
};

class MiniosDies : public testing::TestWithParam<Death> {};

TEST_P(MiniosDies, WithAReason) {
    Qemu qemu(machine_for(std::string("die=") + GetParam().how));
    const auto which = qemu.wait_for_any({GetParam().said, "survived"}, 120s);
    EXPECT_TRUE(which && *which == 0) << qemu.tail();
    EXPECT_TRUE(qemu.wait_for("main + 0x", 20s)) << "no back trace with names\n" << qemu.tail();
}

INSTANTIATE_TEST_SUITE_P(
    Acts, MiniosDies,
    testing::Values(Death{"text", "page fault (vector 14, error 3)"},
                    Death{"rodata", "page fault (vector 14, error 3)"}, Death{"null", "address 0, thread main"},
                    Death{"execute", "page fault (vector 14, error 11)"}, Death{"double-free", "heap: freed twice"},
                    Death{"new", "out of memory: new of"}, Death{"smash", "minios panic: a stack was smashed"},
                    Death{"boot-stack", "page fault (vector 14, error 0)"}, Death{"panic", "minios panic: asked to"}),
    [](const auto& info) {
        std::string name = info.param.how;
        for (char& c : name) c = c == '-' ? '_' : c;
        return name;
    });

} // namespace
} // namespace skerry::test
