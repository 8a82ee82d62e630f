// SPDX-License-Identifier: MIT
// `make run` as a user meets it: commands through a pipe, own kernels and settings, wrong ones, and what the exit
// status says.
#include "qemu.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

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

// The guest is the operator's like any other, and `make run` ends when it does.
TEST(Run, TheGuestIsTheOperators) {
    const std::string log = build_path("tests/operated.log");
    const auto said = [&] {
        std::ifstream file(log);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    const auto wait_for = [&](const std::string& text, size_t times = 1) {
        for (int tries = 0; tries < 1200; ++tries) {
            const std::string all = said();
            size_t found = 0;
            for (size_t at = 0; (at = all.find(text, at)) != std::string::npos; ++at) ++found;
            if (found >= times) return true;
            usleep(100'000);
        }
        ADD_FAILURE() << "no `" << text << "` in:\n" << tail(said());
        return false;
    };
    const auto skerry = [](const std::string& words) {
        Result result;
        FILE* pipe = popen((build_path("skerry") + " " + words + " 2>&1").c_str(), "r");
        char buffer[4096];
        for (size_t size; (size = fread(buffer, 1, sizeof buffer, pipe)) > 0;) result.output.append(buffer, size);
        result.status = WEXITSTATUS(pclose(pipe));
        EXPECT_EQ(result.status, 0) << words << ":\n" << result.output;
        return result.output;
    };
    std::filesystem::remove(log); // a former run's
    FILE* typed = popen(("timeout 400 tools/run " + build_path("") + " >" + log + " 2>&1").c_str(), "w");
    const auto type = [&](const char* text) {
        fputs(text, typed);
        fflush(typed);
    };
    ASSERT_TRUE(wait_for("skerry:/root#"));
    skerry("rename guest visitor");
    skerry("mem-set visitor 400");
    skerry("vcpu-set visitor 1");
    type("until [ $(nproc) = 1 ]; do sleep 1; done; echo one left: $(nproc)\n");
    ASSERT_TRUE(wait_for("one left: 1"));
    type("until [ $(cat /sys/devices/system/xen_memory/xen_memory0/info/current_kb) -lt 430000 ]; do sleep 1; done; "
         "echo smal''ler\n");
    ASSERT_TRUE(wait_for("smaller"));
    skerry("vcpu-set visitor 2");
    type("until [ $(nproc) = 2 ]; do sleep 1; done; echo both: $(nproc)\n");
    ASSERT_TRUE(wait_for("both: 2"));
    EXPECT_NE(skerry("trust visitor").find("toolstack"), std::string::npos);
    // The keyboard stays the guest's, also when the console is another.
    skerry("restart console");
    type("echo still he''re\n");
    ASSERT_TRUE(wait_for("still here"));
    skerry("reboot visitor");
    ASSERT_TRUE(wait_for("Type poweroff to leave", 2));
    type("echo aga''in; poweroff -f\n");
    EXPECT_EQ(WEXITSTATUS(pclose(typed)), 0) << tail(said());
    EXPECT_NE(said().find("again"), std::string::npos);
}

// `make run APP=...`: what the program says is all that standard output has, and its status is the shell's.
Result run_program(const std::string& input, const std::string& words, const std::string& environment = "") {
    const std::string folder = build_path("");
    FILE* pipe = popen(("printf '" + input + "' | " + environment + " timeout 60 tools/run-program " + folder + " " +
                        folder + "/apps/" + words + " 2>" + folder + "/tests/run-program.errors")
                           .c_str(),
                       "r");
    Result result;
    char buffer[4096];
    for (size_t size; (size = fread(buffer, 1, sizeof buffer, pipe)) > 0;) result.output.append(buffer, size);
    const int status = pclose(pipe);
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    return result;
}
std::string errors_of_program() {
    std::ifstream file(build_path("tests/run-program.errors"));
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(RunProgram, ArgumentsEnvironmentAndStatus) {
    const Result result = run_program("", "hello-c one 'two words' \"it's\" exit=7", "ENV='GREETING=Ahoy'");
    EXPECT_EQ(result.status, 7);
    EXPECT_EQ(
        result.output.find(
            "Ahoy from C, 4 arguments\nargument 1: one\nargument 2: two words\nargument 3: it's\nargument 4: exit=7\n"),
        0u)
        << result.output;
}
TEST(RunProgram, MoreWordsThanACommandLineHolds) {
    const std::string many(5000, 'x');
    Result result = run_program("", "hello-c one '' \"both ' and \\\"\" '" + many + "' exit=9",
                                "ENV='GREETING=Long\\ live' FILES=stubdoms/apps/copy-input");
    EXPECT_EQ(result.status, 9);
    EXPECT_EQ(result.output.find("Long live from C, 5 arguments\nargument 1: one\nargument 2: \nargument 3: both ' and "
                                 "\"\nargument 4: " +
                                 many + "\nargument 5: exit=9\n"),
              0u)
        << result.output;
    // What FILES names is where it was.
    std::string paths = "copy-input";
    for (int i = 0; i < 50; ++i) paths += " /files/./../files/build.mk";
    result = run_program("", paths, "FILES=stubdoms/apps/copy-input");
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.output.find("# SPDX-License-Identifier: MIT\n$(eval"), 0u) << result.output;
    EXPECT_EQ(run_program("", "copy-input /files/.skerry-words " + many, "FILES=stubdoms/apps/copy-input").status, 1);
}
TEST(RunProgram, ManyShortWords) {
    std::string words, expected = "Hello from C, 300 arguments\n";
    for (int i = 1; i <= 300; ++i) {
        words += " " + std::to_string(i % 10);
        expected += "argument " + std::to_string(i) + ": " + std::to_string(i % 10) + "\n";
    }
    const Result result = run_program("", "hello-c" + words);
    EXPECT_EQ(result.output.find(expected), 0u) << result.output;
}
TEST(RunProgram, WhatIsAVariableAndWhatIsAnArgument) {
    Result result = run_program("", "hello-c GREETING=no =", "ENV='GREETING=\"Good day\" HOME=/'");
    EXPECT_EQ(result.output.find("Good day from C, 2 arguments\nargument 1: GREETING=no\nargument 2: =\n"), 0u)
        << result.output;
    result = run_program("", "hello-c GREETING=no");
    EXPECT_EQ(result.output.find("Hello from C, 1 argument\nargument 1: GREETING=no\n"), 0u) << result.output;
    EXPECT_EQ(run_program("", "hello-c", "ENV=\"GREETING=it's\"").status, 125);
    EXPECT_EQ(errors_of_program(), "run-program: ENV has a quote without its partner: GREETING=it's\n");
    EXPECT_EQ(run_program("", "hello-c", "ENV='greeting=Hi'").status, 125);
    EXPECT_EQ(errors_of_program(), "run-program: ENV takes NAME=VALUE, with NAME in capitals, not 'greeting=Hi'\n");
}
TEST(RunProgram, StandardInputIsAStreamWithAnEnd) {
    std::string text;
    for (int line = 0; line < 3000; ++line) text += "line " + std::to_string(line) + " \x7f kept\\n";
    const Result result = run_program(text + "no newline", "copy-input");
    EXPECT_EQ(result.status, 0);
    std::string expected;
    for (int line = 0; line < 3000; ++line) expected += "line " + std::to_string(line) + " \x7f kept\n";
    EXPECT_EQ(result.output, expected + "no newline");
}
TEST(RunProgram, EveryByteGetsThrough) {
    std::string input, expected;
    for (int line = 0; line < 20; ++line) {
        for (int byte = 0; byte < 256; ++byte) {
            char escaped[8];
            snprintf(escaped, sizeof escaped, "\\%03o", static_cast<unsigned>(byte));
            input += escaped;
            expected += static_cast<char>(byte);
        }
        input += "\\r\\n\\r";
        expected += "\r\n\r";
    }
    EXPECT_EQ(run_program(input, "copy-input").output, expected);
}
TEST(RunProgram, StandardInputIsNoTerminalThen) {
    EXPECT_NE(run_program("", "hello-c").output.find("standard input is a pipe\n"), std::string::npos);
}
TEST(RunProgram, FilesOfTheHost) {
    const Result result = run_program("", "copy-input /files/copy_input.c", "FILES=stubdoms/apps/copy-input");
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.output.find("// SPDX-License-Identifier: MIT\n// The smallest filter"), 0u) << result.output;
    EXPECT_EQ(run_program("", "copy-input /files/none", "FILES=stubdoms/apps/copy-input").status, 1);
}
TEST(RunProgram, ACrashIsTracedToFileAndLine) {
    const Result result = run_program("", "hello-cxx throw");
    EXPECT_EQ(result.status, 128 + 6);
    EXPECT_NE(result.output.find("__cxa_throw + 0x"), std::string::npos) << result.output;
    EXPECT_NE(errors_of_program().find("stubdoms/apps/hello-cxx/hello.cpp:"), std::string::npos) << errors_of_program();
}
TEST(RunProgram, AStackOverflowIsSaid) {
    const Result result = run_program("", "debuggee overflow");
    EXPECT_EQ(result.status, 134);
    EXPECT_EQ(result.output, "going down\n");
    const std::string errors = errors_of_program();
    EXPECT_NE(errors.find("the program's stack overflowed"), std::string::npos) << errors;
    EXPECT_NE(errors.find("go_down(int) at "), std::string::npos) << errors;
}
TEST(RunProgram, WhatCannotRunIsSaidInOneLine) {
    const auto error_of = [](const std::string& image, const std::string& environment = "") {
        const Result result = run_program("", image, environment); // from the folder of programs
        EXPECT_EQ(result.status, 125);
        EXPECT_EQ(result.output, "");
        return errors_of_program();
    };
    const std::string start = "run-program: cannot run " + build_path("") + "/apps/";
    std::ofstream(build_path("tests/no-image")) << std::string(1000, 'x');
    EXPECT_EQ(error_of("../tests/no-image"),
              start + "../tests/no-image as a domain: it is no ELF file (a bzImage needs `loader = pv-boot`)\n");
    EXPECT_EQ(error_of("../skerry"), start + "../skerry as a domain: it is no ELF executable (type 3)\n"); // the host's
    const std::string small = error_of("hello-c", "MEMORY=256K");
    EXPECT_EQ(small.find(start + "hello-c as a domain: it needs at least "), 0u) << small;
    EXPECT_EQ(std::count(small.begin(), small.end(), '\n'), 1) << small;
    EXPECT_NE(error_of("none").find("cannot read "), std::string::npos) << errors_of_program();
    EXPECT_EQ(error_of("../sdk"), "run-program: cannot read " + build_path("") + "/apps/../sdk\n"); // a directory
}
TEST(RunProgram, MemoryIsWhatIsAskedFor) {
    EXPECT_NE(run_program("", "hello-c", "MEMORY=3M").output.find("4 MiB of zeros: FAILED"), std::string::npos);
    EXPECT_EQ(run_program("", "hello-c", "MEMORY=much").status, 125);
}

// `make run APP=...` with what users call their files.
class MakeRun : public testing::Test {
  protected:
    void SetUp() override {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_ + "/one");
        std::filesystem::create_directories(folder_ + "/two");
    }
    void write(const std::string& name, const std::string& text) { std::ofstream(folder_ + "/" + name) << text; }
    /// Standard output of `make run APP=...`, standard error if it failed.
    std::string run(const std::string& app, const std::string& settings = "") {
        const std::string errors = folder_ + "/errors";
        FILE* pipe =
            popen(("env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL timeout 200 make PACKAGES=no BUILD=" + build_path("") +
                   " run APP=" + app + " " + settings + " </dev/null 2>" + errors)
                      .c_str(),
                  "r");
        std::string output;
        char buffer[4096];
        for (size_t size; (size = fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, size);
        if (pclose(pipe) == 0) return output;
        std::ifstream file(errors);
        return output + std::string(std::istreambuf_iterator<char>(file), {});
    }
    static std::string says(const std::string& text) {
        return "#include <stdio.h>\nint main(void) { puts(\"" + text + "\"); return 0; }\n";
    }

    std::string folder_ = std::filesystem::absolute(build_path("tests/make-run"));
};

TEST_F(MakeRun, SourcesOfOneNameAreDifferentPrograms) {
    write("one/main.c", says("one"));
    write("two/main.c", says("two"));
    write("two/main.cpp", "#include <iostream>\nint main() { std::cout << \"C++\\n\"; }\n");
    write("one/hello-c.c", says("not the hello of the tree"));
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(run(folder_ + "/one/main.c"), "one\n");
        EXPECT_EQ(run(folder_ + "/two/main.c"), "two\n");
        EXPECT_EQ(run(folder_ + "/two/main.cpp"), "C++\n");
    }
    EXPECT_EQ(run(folder_ + "/one/hello-c.c"), "not the hello of the tree\n");
    write("two/main.c", says("two, changed"));
    EXPECT_EQ(run(folder_ + "/two/main.c"), "two, changed\n");
}
TEST_F(MakeRun, AnImageIsWhatItsPathSays) {
    std::filesystem::copy_file(build_path("apps/hello-c"), folder_ + "/copy-input");
    EXPECT_EQ(run(folder_ + "/copy-input").find("Hello from C, 0 arguments\n"), 0u);
    EXPECT_EQ(run("hello-c", "ENV=\"GREETING=\\\"It's\\\"\"").find("It's from C, 0 arguments\n"), 0u);
    EXPECT_EQ(run("stubdoms/apps/hello-c/", "ARGS=\"'a b' c\"").find("Hello from C, 2 arguments\nargument 1: a b\n"),
              0u);
}
TEST_F(MakeRun, WhatIsNoProgramIsSaid) {
    write("one/wrong.c", "int main(void) { return undeclared; }\n");
    const std::string wrong = run(folder_ + "/one/wrong.c");
    EXPECT_NE(wrong.find("wrong.c:1:25: error: "), std::string::npos) << wrong;
    EXPECT_EQ(wrong.find("Hello"), std::string::npos);
    for (const char* none : {"/one/none.c", "/one/none"})
        EXPECT_NE(run(folder_ + none).find("No rule to make target '" + folder_ + none + "'"), std::string::npos);
    EXPECT_NE(run(folder_ + "/one").find("cannot read " + folder_ + "/one\n"), std::string::npos);
    EXPECT_NE(run("\"two words.c\"").find("APP is one path"), std::string::npos);
}

} // namespace
} // namespace skerry::test
