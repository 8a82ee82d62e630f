// SPDX-License-Identifier: MIT
// gdb on a program in a domain: `make run APP=... GDB=1` in one place and gdb --batch in another.
#include "qemu.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <signal.h>
#include <sstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace skerry::test {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

/// The lines of a text that are not empty, without blanks around them.
Words lines_of(const std::string& text) {
    Words lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        const size_t first = line.find_first_not_of(' '), last = line.find_last_not_of(' ');
        if (first != std::string::npos) lines.push_back(line.substr(first, last - first + 1));
    }
    return lines;
}

/// Starts a program with its output and errors in files.
pid_t start(const Words& words, const std::string& output, const std::string& errors) {
    const pid_t child = fork();
    if (child != 0) return child;
    if (std::freopen("/dev/null", "r", stdin) == nullptr || std::freopen(output.c_str(), "w", stdout) == nullptr ||
        std::freopen(errors.c_str(), "w", stderr) == nullptr)
        _exit(126);
    std::vector<char*> arguments;
    for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execvp(arguments[0], arguments.data());
    _exit(127);
}

/// The status of a program that ends within two minutes.
int wait_for_end(pid_t child) {
    int status = 0;
    for (int tries = 0; waitpid(child, &status, WNOHANG) == 0; ++tries) {
        if (tries == 2400) kill(child, SIGKILL);
        std::this_thread::sleep_for(50ms);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool eventually(const std::function<bool()>& condition) {
    for (int tries = 0; tries < 1200; ++tries) {
        if (condition()) return true;
        std::this_thread::sleep_for(50ms);
    }
    return false;
}

class Debugger : public testing::Test {
  protected:
    /// Runs build/apps/debuggee.gdb, which waits for the debugger.
    void run(const std::string& words) {
        std::filesystem::remove_all(build_path("tests/debugger"));
        std::filesystem::create_directories(build_path("tests/debugger"));
        program_ = start({"env", "GDB=1", "timeout", "--kill-after=5", "100", "tools/run-program", build_path(""),
                          build_path("apps/debuggee.gdb"), words},
                         path("output"), path("errors"));
        ASSERT_TRUE(eventually([&] { return find_socket(); })) << read_file(path("errors"));
    }

    /// What gdb says to these commands, one a line; it has the line to the program already. When the program's output
    /// has `interrupt_at`, gdb gets a Ctrl-C.
    std::string gdb(const std::string& commands, const std::string& interrupt_at = "") {
        Words command = {"gdb",
                         "-nx",
                         "-batch",
                         "-ex",
                         "set confirm off",
                         "-ex",
                         "set width 0",
                         build_path("apps/debuggee.gdb.debug"),
                         "-ex",
                         "target remote " + socket_};
        for (const auto& line : lines_of(commands)) command.insert(command.end(), {"-ex", line});
        const pid_t child = start(command, path("gdb"), path("gdb-errors"));
        if (!interrupt_at.empty()) {
            EXPECT_TRUE(eventually([&] { return output().find(interrupt_at) != std::string::npos; })) << output();
            kill(child, SIGINT);
        }
        EXPECT_LT(wait_for_end(child), 128) << "gdb hung";
        return read_file(path("gdb"));
    }
    std::string gdb_errors() { return read_file(path("gdb-errors")); }

    int status() { return wait_for_end(std::exchange(program_, -1)); }
    std::string output() { return read_file(path("output")); }

    void TearDown() override {
        if (program_ <= 0) return;
        kill(program_, SIGTERM);
        wait_for_end(program_);
    }

  private:
    static std::string path(const std::string& name) { return build_path("tests/debugger/") + name; }
    bool find_socket() {
        const std::string errors = read_file(path("errors"));
        const std::string before = "target remote ";
        const size_t from = errors.find(before), to = errors.find('\'', from);
        if (from == std::string::npos || to == std::string::npos) return false;
        socket_ = errors.substr(from + before.size(), to - from - before.size());
        return std::filesystem::exists(socket_);
    }

    pid_t program_ = -1;
    std::string socket_;
};

/// The lines of `texts` are in `said` one after the other.
void expect_in_order(const std::string& said, const std::string& texts) {
    size_t at = 0;
    for (const auto& text : lines_of(texts)) {
        const size_t found = said.find(text, at);
        ASSERT_NE(found, std::string::npos) << "no `" << text << "` in\n" << said;
        at = found + text.size();
    }
}

TEST_F(Debugger, BreakpointsVariablesStepsAndCalls) {
    run("steps");
    const std::string said = gdb(R"(
        break minios::page_table::find
        continue
        bt
        delete
        break sum
        continue
        bt
        print point.x + point.y
        next
        print result
        next
        print result
        stepi
        delete
        break printf
        print sum(point) + 100
        print minios::page_table::count_writable_executable()
        finish
        continue
        up
        delete
        set var watched = 77
        print $fs_base == 0
        x/2xb main
        set var *(char*)main = 0x90
        x/2xb main
        continue)");
    EXPECT_EQ(gdb_errors(), "");
    expect_in_order(said, R"(
        stop_here
        Breakpoint 1, minios::page_table::find
        minios::minios_start (
        Breakpoint 2, sum (point=...) at tests/system/debuggee/debuggee.cpp
        #0  sum (point=...)
        in steps ()
        in main (argc=2
        $1 = 42
        the second line of sum
        $2 = 30
        return result
        $3 = 42
        $4 = 142
        $5 = 0
        Value returned is $6 = 42
        Breakpoint 3,
        in steps ()
        $7 = false
        0x55	0x48
        0x90	0x48
        [Inferior 1 (Remote target) exited normally])");
    EXPECT_EQ(status(), 0);
    EXPECT_EQ(output(), "the sum is 42\n"); // as it was when printf was called
}

TEST_F(Debugger, WatchpointsByTheProcessor) {
    run("steps");
    expect_in_order(gdb(R"(
        watch watched
        continue
        delete
        awatch watched
        continue
        delete
        hbreak exit
        continue
        delete
        continue)"),
                    R"(
        Hardware watchpoint 1: watched
        Old value = 0
        New value = 42
        steps () at
        Hardware access (read/write) watchpoint 2: watched
        Value = 42
        in steps ()
        Hardware assisted breakpoint 3
        Breakpoint 3
        in exit ()
        exited normally)");
    EXPECT_EQ(gdb_errors(), "");
    EXPECT_EQ(status(), 0);
}

TEST_F(Debugger, ACrashStopsThereAndWhatIsNotThereIsRefused) {
    run("crash");
    const std::string said = gdb(R"(
        continue
        bt
        print nowhere
        print *nowhere
        set var *nowhere = 1
        print *(long*)0xffff800000000000
        maint packet m123450,4
        maint packet mffffffffffffffff,2
        maint packet M123450,1:00
        maint packet Z0,123450,1
        maint packet Z2,ffff830000000000,8
        maint packet z0,800000,1
        maint packet Gzz
        maint packet P7
        maint packet Hg7777
        maint packet vCont;x
        continue)");
    expect_in_order(said, R"(
        received signal SIGSEGV
        *nowhere = 1; // faults
        in crash ()
        in main (argc=2
        $1 = (int *) 0x123450
        sending: m123450,4
        received: "E14"
        received: "E14"
        received: "E14"
        received: "E14"
        received: "E22"
        received: "E02"
        received: "E22"
        received: "E22"
        received: "E02"
        received: "E22"
        Program terminated with signal SIGSEGV)");
    expect_in_order(gdb_errors(), R"(
        minios: page fault at 0x
        , address 0x123450
        Cannot access memory at address 0x123450
        Cannot access memory at address 0x123450
        Cannot access memory at address 0xffff800000000000)");
    EXPECT_EQ(status(), 134);
    expect_in_order(output(), "minios: page fault (vector 14, error 2)\n crash + 0x");
}

TEST_F(Debugger, Threads) {
    run("threads");
    const std::string said = gdb(R"(
        break all_wait
        continue
        info threads
        thread 3
        bt
        frame function wait_at_gate
        print number
        info registers rax
        thread 1
        next
        next
        delete
        continue)");
    expect_in_order(said, R"(
        Thread 1 hit Breakpoint 1, all_wait ()
        * 1    Thread 1 (main)
        2    Thread 2 (pthread)
        3    Thread 3 (pthread)
        [Switching to thread 3
        in minios::libc::park (
        in wait_at_gate (number=50)
        in minios_thread_start ()
        $1 = 50
        <unavailable>
        [Switching to thread 1
        threads () at
        exited normally)");
    EXPECT_EQ(gdb_errors(), "");
    EXPECT_EQ(status(), 0);
    EXPECT_EQ(output(), "through the gate: 42\nthrough the gate: 100\n");
}

TEST_F(Debugger, CtrlCInterruptsALoop) {
    run("spin");
    expect_in_order(gdb("continue\n bt\n print turns > 0\n print spinning = 0\n continue", "spinning"), R"(
        received signal SIGINT
        spin () at
        in main (argc=2
        $1 = true
        exited normally)");
    EXPECT_EQ(status(), 0);
    EXPECT_EQ(output(), "spinning\nstopped spinning\n");
}

TEST_F(Debugger, CtrlCInterruptsASleepAndLeavingEndsTheProgram) {
    run("sleep");
    expect_in_order(gdb("continue\n bt", "sleeping"), R"(
        received signal SIGINT
        sleep_for
        in sleep_long ()
        in main (argc=2)");
    EXPECT_EQ(status(), 128 + 9);
}

TEST_F(Debugger, AnAbortStopsBeforeTheEnd) {
    run("throw");
    expect_in_order(gdb("continue\n bt\n continue"), R"(
        received signal SIGABRT
        in minios::panic (
        in abort ()
        in __cxa_throw ()
        in main (argc=2
        Program terminated with signal SIGABRT)");
    expect_in_order(gdb_errors(), "minios panic: ended by signal 6 (abort)");
    EXPECT_EQ(status(), 128 + 6);
}

TEST_F(Debugger, DetachingAndComingBack) {
    run("spin");
    gdb("break spin\n continue\n detach");
    expect_in_order(gdb("bt\n set var spinning = 0\n continue"), R"(
        spin () at
        in main (argc=2
        exited normally)");
    EXPECT_EQ(status(), 0);
}

TEST_F(Debugger, ExitStatus) {
    run("exit=7");
    expect_in_order(gdb("continue"), "[Inferior 1 (Remote target) exited with code 07]");
    EXPECT_EQ(status(), 7);
}

TEST(DebuggerImage, WithoutAStubIsRefused) {
    const std::string command = "GDB=1 tools/run-program " + build_path("") + " " + build_path("apps/debuggee") +
                                " 2>&1 </dev/null | grep -q 'has no gdb stub: link it with -lskerrygdb'";
    EXPECT_EQ(std::system(command.c_str()), 0);
}

} // namespace
} // namespace skerry::test
