// SPDX-License-Identifier: MIT
// An OCaml program as a domain (stubdoms/apps/hello-ocaml).
#include "qemu.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <memory>

namespace skerry::test {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<Qemu> start(const std::string& words, const std::string& image = build_path("apps/hello-ocaml")) {
    Machine machine;
    machine.kernel = build_path("xen-core");
    machine.options = "console=com1 dom0_mem=16M dom0_max_vcpus=1";
    machine.modules = {image + " " + words};
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

// A library of OCaml and C, made in steps, and a program of it.
TEST(OCaml, SeparateCompilation) {
    const std::filesystem::path folder = build_path("tests/ocaml");
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "stub.c")
        << "#include <caml/mlvalues.h>\n#ifndef __skerry__\n#error not for a domain\n#endif\n"
           "value twice(value v) { return Val_int(2 * Int_val(v)); }\n";
    std::ofstream(folder / "helper.ml") << "external twice : int -> int = \"twice\"\nlet f x = twice x + 1\n";
    std::ofstream(folder / "user.ml") << "let () = Printf.printf \"found %d\\n\" (Helper.f 20)\n";
    const std::string compiler = std::filesystem::absolute(build_path("sdk/bin/skerry-ocamlopt"));
    const std::string command = "cd " + folder.string() + " && " + compiler + " -c stub.c && " + compiler +
                                " -c helper.ml && " + compiler + " -a -o helper.cmxa helper.cmx && " + compiler +
                                " -o user helper.cmxa user.ml stub.o && strip user";
    ASSERT_EQ(std::system(command.c_str()), 0);
    const auto qemu = start("", std::filesystem::absolute(folder / "user"));
    EXPECT_TRUE(qemu->wait_for("found 41", 120s)) << qemu->tail();
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
