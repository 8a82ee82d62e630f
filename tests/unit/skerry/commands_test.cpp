// SPDX-License-Identifier: MIT
// skerry itself, as an operator runs it, through its broker, against the real API over a platform in memory.
#include "tests/unit/toolstack/fakes.h"

#include "toolstack/domain/api/server.h"

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace skerry::toolstack::test {
namespace {

/// The serial line as QEMU has it: a socket that takes one connection at a time.
class LineTransport final : public protocol::Transport {
  public:
    explicit LineTransport(const std::string& path) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
            ::listen(listener_, 1) != 0 || ::pipe2(wake_.data(), O_NONBLOCK | O_CLOEXEC) != 0)
            std::abort();
    }
    ~LineTransport() override {
        for (const int file : {listener_, line_, wake_[0], wake_[1]})
            if (file >= 0) ::close(file);
    }
    std::size_t read(char* to, std::size_t size) override {
        const ssize_t count = line_ >= 0 ? ::recv(line_, to, size, MSG_DONTWAIT) : 0;
        if (count == 0 && line_ >= 0) {
            ::close(line_);
            line_ = -1;
        }
        return count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    std::size_t write(std::string_view bytes) override {
        if (line_ < 0) return bytes.size(); // nobody at the other end of a serial line
        const ssize_t count = ::send(line_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        return count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    void wait(bool to_write, std::uint64_t) override {
        pollfd files[2] = {
            {wake_[0], POLLIN, 0},
            {line_ >= 0 ? line_ : listener_, static_cast<short>(POLLIN | (to_write && line_ >= 0 ? POLLOUT : 0)), 0}};
        (void)::poll(files, 2, -1);
        char bytes[64];
        if (files[0].revents != 0) (void)!::read(wake_[0], bytes, sizeof bytes);
        if (line_ < 0 && files[1].revents != 0) line_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    }
    void wake() override { (void)!::write(wake_[1], "x", 1); }

  private:
    int listener_ = -1, line_ = -1;
    std::array<int, 2> wake_{-1, -1};
};

std::string skerry_path() {
    const char* build = std::getenv("BUILD");
    return std::string(build != nullptr ? build : "build") + "/skerry";
}

class Commands : public testing::Test {
  protected:
    struct Result {
        int status;
        std::string output; ///< and errors
    };

    Commands() {
        char name[] = "/tmp/skerry-test.XXXXXX";
        folder = ::mkdtemp(name);
        start_toolstack();
        broker = ::fork();
        if (broker == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL); // however this test ends
            ::execl(skerry_path().c_str(), "skerry", "broker", "--serial", (folder + "/serial").c_str(), "--listen",
                    (folder + "/socket").c_str(), nullptr);
            ::_exit(127);
        }
        while (::access((folder + "/socket").c_str(), F_OK) != 0 && ::waitpid(broker, nullptr, WNOHANG) == 0)
            ::usleep(1000);
    }
    ~Commands() override {
        ::kill(broker, SIGTERM);
        ::waitpid(broker, nullptr, 0);
        stop_toolstack();
        (void)!std::system(("rm -rf " + folder).c_str());
    }
    void start_toolstack() {
        line = std::make_unique<LineTransport>(folder + "/serial");
        server = std::make_unique<Server>(platform.monitor, platform.clock, *line, platform.api, ++instances);
        serving = std::thread([this] { server->run(); });
    }
    void stop_toolstack() {
        {
            const auto lock = platform.monitor.enter();
            server->stop();
        }
        serving.join();
        server.reset();
        line.reset();
        ::unlink((folder + "/serial").c_str());
    }
    Result skerry(const std::string& arguments, const std::string& input = "/dev/null") {
        const std::string command = "cd " + folder + "; SKERRY_SOCKET=" + folder + "/socket " + absolute + " " +
                                    arguments + " <" + input + " 2>&1";
        FILE* pipe = ::popen(command.c_str(), "r");
        Result result{0, {}};
        char bytes[4096];
        for (std::size_t count; (count = ::fread(bytes, 1, sizeof bytes, pipe)) > 0;)
            result.output.append(bytes, count);
        result.status = WEXITSTATUS(::pclose(pipe));
        return result;
    }
    void file(const std::string& name, const std::string& content) {
        std::ofstream(folder + "/" + name, std::ios::binary) << content;
    }
    void expect(const std::string& arguments, int status, const std::string& output) {
        const Result result = skerry(arguments);
        EXPECT_EQ(result.output, output) << arguments;
        EXPECT_EQ(result.status, status) << arguments;
    }

    const std::string absolute =
        skerry_path()[0] == '/' ? skerry_path() : std::filesystem::current_path().string() + "/" + skerry_path();
    std::string folder;
    FakePlatform platform;
    std::unique_ptr<LineTransport> line;
    std::unique_ptr<Server> server;
    std::thread serving;
    pid_t broker = -1;
    std::uint64_t instances = 0;
};

const std::string web =
    "name = 'web'\nkernel = 'vmlinuz'\nramdisk = 'image:initrd'\nextra = 'console=hvc0'\nmemory = 64\nvcpus = 2\n";

TEST_F(Commands, FromCreateToDestroy) {
    file("vmlinuz", std::string(200'000, 'k'));
    file("web.cfg", web);
    expect("create web.cfg 'name=\"shop\"' vcpus=1", 0, "shop is domain 4\n");
    expect("create web.cfg", 0, "web is domain 5\n");
    EXPECT_EQ(platform.builder.held.size(), 5u) << "the same kernel was sent once";
    expect("list", 0,
           "Name       ID  Mem  VCPUs  State   Time(s)\n"
           "founder     0    4      1  ------      0.0\n"
           "console     1    4      1  ------      0.0\n"
           "xenstore    2    4      1  ------      0.0\n"
           "toolstack   3    4      1  ------      0.0\n"
           "shop        4   64      1  ------      0.0\n"
           "web         5   64      2  ------      0.0\n");
    expect("list nosuch", 1, "skerry: there is no domain `nosuch`\n");
    expect("create web.cfg", 1, "skerry: create: there is a domain `web` already\n");
    expect("pause web", 0, "web (domain 5) is paused\n");
    expect("unpause 5", 0, "web (domain 5) goes on\n");
    expect("rename shop store", 0, "store (domain 4) renamed\n");
    expect("vcpu-pin web 1 0-1", 0, "");
    expect("vcpu-list web", 0,
           "Name  ID  VCPU  CPU  State  Time(s)  Affinity (Hard / Soft)\n"
           "web    5     0    0  ---        0.0  all / all\n"
           "web    5     1    0  ---        0.0  0-1 / all\n");
    expect("sched -d web -w 512", 0, "Name  ID  Weight  Cap\nweb    5     512    0\n");
    expect("mem-set web 32m", 0, "");
    expect("mem-set web 128m", 1, "skerry: mem-set: `web` was created with at most 65536 KiB\n");
    EXPECT_NE(skerry("log -n 1").output.find("guest `store` (domain 4): was `shop`\n"), std::string::npos);
    expect("destroy web", 0, "web (domain 5) destroyed\n");
    expect("destroy store", 0, "store (domain 4) destroyed\n");
    EXPECT_EQ(platform.builder.held.size(), 4u) << "the kernel went with its last guest";
    expect("destroy console", 1,
           "skerry: destroy: `console` (domain 1) is the platform's own; `restart` has it built again\n");
}

TEST_F(Commands, ConfigurationsThatAreWrongChangeNothing) {
    file("bad.cfg", "name = 'web'\nkernel = 'nosuch'\nmemory = 64\nvif = [ 'bridge=xenbr0' ]\ncolour = 'red'\n");
    expect("create bad.cfg type='\"hvm\"'", 1,
           "skerry: bad.cfg:2: `kernel`: cannot read nosuch: No such file or directory\n"
           "bad.cfg:4: `vif`: there is no network yet\nbad.cfg:5: `colour` is unknown\n"
           "argument `type=\"hvm\"`: `type`: `hvm` guests do not exist yet, only `pv`\n");
    file("worse.cfg", "name = 'web\n");
    expect("create worse.cfg", 1, "skerry: worse.cfg:1: a string without its closing `'`\n");
    expect("create nosuch.cfg", 1, "skerry: cannot read nosuch.cfg: No such file or directory\n");
    // The kernel is uploaded, then the builder has not got the ramdisk: the kernel goes again.
    file("vmlinuz", "k2");
    file("web.cfg", web);
    expect("create web.cfg 'ramdisk=\"image:nosuch\"'", 1, "skerry: create: `web`: there is no image `nosuch`\n");
    expect("create web.cfg memory=99999", 1, "skerry: create: `web` wants 102398976 KiB, and 384000 KiB are free\n");
    EXPECT_EQ(platform.builder.held.size(), 4u);
    EXPECT_EQ(platform.hypervisor.all.size(), 4u);
    EXPECT_TRUE(platform.store.tree.empty());
}

TEST_F(Commands, RunsAProgram) {
    file("hello", "ELF");
    expect("run -d -m 4m -e A=1 -e 'B=x y' hello one 'two words' -three", 0, "hello is domain 4\n");
    ASSERT_FALSE(platform.builder.sections.empty());
    EXPECT_NE(platform.builder.sections.back().find("cmdline = A=1 'B=x y' one 'two words' -three\n"),
              std::string::npos)
        << platform.builder.sections.back();
    EXPECT_EQ(platform.builder.sections.back().find("loader"), std::string::npos);
    expect("run --name x image:nosuch", 1, "skerry: create: `x`: there is no image `nosuch`\n");
    expect("run -e novalue --name y hello", 1,
           "skerry: `novalue` is no NAME=VALUE for the environment, with NAME in capitals\n");
}

TEST_F(Commands, AProgramsOutputAndStatusAreItsOwn) {
    file("program", "ELF");
    file("input", "typed");
    struct Case {
        ShutdownReason reason;
        std::string last_words;
        int status;
    };
    for (const Case& each : {Case{ShutdownReason::power_off, "well\r\n", 0},
                             {ShutdownReason::crash, "p: exit status 9\n", 9},
                             {ShutdownReason::crash, "p: exit status 9\nended by signal 6: aborted\n", 134},
                             {ShutdownReason::crash, "no idea\n", 134}}) {
        platform.consoles.last_words = each.last_words;
        platform.hypervisor.on_unpause = [this, reason = each.reason](DomainNumber id) {
            platform.hypervisor.end(id, reason);
            platform.guests.look_after();
        };
        const Result result = skerry("run program", folder + "/input");
        std::string expected = each.last_words;
        std::erase(expected, '\r');
        EXPECT_EQ(result.output, expected);
        EXPECT_EQ(result.status, each.status);
        EXPECT_NE(platform.builder.sections.back().find("cmdline = SKERRY_CONSOLE=pipe\n"), std::string::npos);
    }
    const Result result = skerry("run --json program");
    EXPECT_EQ(json::parse(result.output).integer_or("status", 0), 134) << result.output;
    EXPECT_EQ(json::parse(result.output).text_or("output", ""), "no idea\n");
}

TEST_F(Commands, GoThroughSharedMemoryBesideTheSocket) {
    platform.window.content = std::string(100'000, 'k');
    file("window", std::string(100'000, ' '));
    file("kernel", std::string(70'000, 'k'));
    expect("images put big kernel", 0, "big uploaded\n");
    EXPECT_EQ(platform.builder.held.at("big"), std::string(70'000, 'k'));
    std::ifstream window(folder + "/window");
    std::string there(70'001, '?');
    window.read(there.data(), 70'001);
    EXPECT_EQ(there, std::string(70'000, 'k') + " ");
}

TEST_F(Commands, Images) {
    file("kernel", std::string(70'000, 'x'));
    expect("images put big kernel", 0, "big uploaded\n");
    expect("images put big kernel", 0, "big was there already\n");
    expect("images --json", 0, skerry("--json images").output);
    EXPECT_NE(skerry("images").output.find("big"), std::string::npos);
    expect("images drop big", 0, "big dropped\n");
    expect("images drop big", 1, "skerry: there is no image `big`\n");
    expect("images put x nosuch", 1, "skerry: cannot read nosuch: No such file or directory\n");
}

TEST_F(Commands, AConsoleFromAPipe) {
    file("typed", "ls\nexit\n");
    EXPECT_EQ(skerry("console console", folder + "/typed").status, 0);
    EXPECT_EQ(platform.consoles.typed, "ls\nexit\n");
    expect("console nosuch", 1, "skerry: there is no domain `nosuch`\n");
}

TEST_F(Commands, JsonEverywhere) {
    for (const char* command :
         {"list", "info", "info console", "dmesg", "log", "log console", "rights", "trust console", "vcpu-list",
          "sched", "images", "version", "list nosuch", "pause nosuch", "restart founder"}) {
        const Result result = skerry(std::string("--json ") + command);
        EXPECT_NO_THROW((void)json::parse(result.output)) << command << ": " << result.output;
    }
    for (const char* wrong : {"dance --json", "--json pause", "list --json --colour", "images put --json"}) {
        const Result result = skerry(wrong);
        EXPECT_EQ(result.status, 2) << wrong;
        EXPECT_EQ(json::parse(result.output).find("error")->text_or("code", ""), "bad-request") << wrong;
    }
    EXPECT_EQ(json::parse(skerry("list nosuch --json").output).find("error")->text_or("code", ""), "not-found");
}

TEST_F(Commands, AToolstackThatIsStartedAgainIsFoundAgain) {
    expect("version", 0, "skerry 0.4, toolstack 0.4\n");
    stop_toolstack();
    const Result gone = skerry("--patience 1 list");
    EXPECT_EQ(gone.status, 3) << gone.output;
    start_toolstack();
    expect("version", 0, "skerry 0.4, toolstack 0.4\n");
}

TEST_F(Commands, WhatOnlyLooksIsAskedAgainAfterARestart) {
    for (const bool looks : {true, false}) {
        std::thread restarting;
        bool has_stopped = false;
        platform.hypervisor.on_domains = [&] { // in the middle of a call, with the monitor held
            platform.hypervisor.on_domains = nullptr;
            restarting = std::thread([&] {
                server->stop();
                serving.join();
                {
                    const auto lock = platform.monitor.enter();
                    has_stopped = true;
                    platform.monitor.changed();
                }
                server.reset();
                line.reset();
                ::unlink((folder + "/serial").c_str());
                start_toolstack();
            });
            (void)platform.monitor.wait(platform.clock, 0, [&] { return has_stopped; });
        };
        const Result result = skerry(looks ? "list console" : "pause 1");
        restarting.join();
        EXPECT_EQ(result.status, looks ? 0 : 3) << result.output;
        EXPECT_NE(result.output.find(looks ? "console   1" : "the serial line is gone"), std::string::npos)
            << result.output;
    }
}

TEST_F(Commands, WhatIsAskedWrongly) {
    EXPECT_EQ(skerry("").status, 2);
    EXPECT_EQ(skerry("dance").status, 2);
    EXPECT_EQ(skerry("pause").status, 2);
    EXPECT_EQ(skerry("create").status, 2);
    EXPECT_EQ(skerry("mem-set console much").status, 2);
    EXPECT_EQ(skerry("--help").status, 0);
    EXPECT_EQ(skerry("--socket /nonexistent/socket list").status, 3);
    EXPECT_EQ(std::system((absolute + " completion | bash -n").c_str()), 0);
}

} // namespace
} // namespace skerry::toolstack::test
