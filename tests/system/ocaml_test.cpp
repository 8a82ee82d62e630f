// SPDX-License-Identifier: MIT
// An OCaml program as a domain (stubdoms/apps/hello-ocaml).
#include "qemu.h"

#include <cstdio>
#include <gtest/gtest.h>
#include <memory>

namespace skerry::test {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<Qemu> start(const std::string& words) {
    Machine machine;
    machine.kernel = build_path("xen-core");
    machine.options = "console=com1 dom0_mem=16M dom0_max_vcpus=1";
    machine.modules = {build_path("apps/hello-ocaml") + " " + words};
    return std::make_unique<Qemu>(machine);
}

TEST(OCaml, HelloWorld) {
    const auto qemu = start("GREETING=Ahoy one 'two words' exit=3");
    for (const char* text :
         {"Ahoy from OCaml 4.", ", 3 arguments", "argument 2: two words",
          "pi is about 3.1415926536, 0xbeef, left  |1.23e-04, 9223372036854775807", "exception: ok", "finally: ok",
          "20000 entries of a hash table: ok", "garbage is collected: ok", "the heap stays small: ok",
          "what lives is kept: ok", "memory that is not there: ok", "a file of 5000 lines: ok",
          "values through a file: ok", "no such file: ok", "at exit", "hello-ocaml: exit status 3"})
        ASSERT_TRUE(qemu->wait_for(text, 120s)) << "no `" << text << "` in:\n" << qemu->tail();
    EXPECT_EQ(qemu->output().find("FAILED"), std::string::npos) << qemu->tail();
}

TEST(OCaml, ExceptionThatNobodyCatches) {
    const auto qemu = start("OCAMLRUNPARAM=b raise");
    for (const char* text : {"Fatal error: exception Hello.Refused(\"nobody catches this\", 4)", "hello.ml\", line",
                             "hello-ocaml: exit status 2"})
        ASSERT_TRUE(qemu->wait_for(text, 120s)) << "no `" << text << "` in:\n" << qemu->tail();
}

// An exception that the hypervisor delivers uses the stack right below the stack pointer: nothing may be kept there.
TEST(OCaml, NothingIsStoredBelowTheStackPointer) {
    const std::string command = "objdump -d --no-show-raw-insn " + build_path("apps/hello-ocaml.debug") +
                                " | grep -E '[^0-9a-f]-0x[0-9a-f]+\\(%rsp' | grep -Ev '\\b(lea|nop)'";
    FILE* lines = popen(command.c_str(), "r");
    ASSERT_NE(lines, nullptr);
    char line[256];
    std::string found;
    while (fgets(line, sizeof line, lines) != nullptr) found += line;
    pclose(lines);
    EXPECT_EQ(found, "");
}

} // namespace
} // namespace skerry::test
