// SPDX-License-Identifier: MIT
#include "plane.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace skerry::test {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

void ControlPlane::start(const Images& images, unsigned guests, unsigned guest_memory_mib) {
    folder_ = fs::absolute(build_path("tests/control-plane"));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    std::string pack = "tools/make-images '" + (folder_ / "images.cpio").string() + "'";
    for (const auto& [name, file] : images) pack += " '" + build_path(file) + "' " + name;
    const Answer packed = run(pack);
    ASSERT_EQ(packed.status, 0) << packed.text;
    const auto size = fs::file_size(folder_ / "images.cpio") / 1048576 + 1;
    const Answer founder =
        run("IMAGES=" + std::to_string(size) + " GUESTS=" + std::to_string(guests) + " builder-domain/make-platform '" +
            (folder_ / "platform").string() + "' PLANE=yes GUEST=no");
    ASSERT_EQ(founder.status, 0) << founder.text;
    Machine machine;
    machine.kernel = build_path("xen-core");
    machine.options = "console=com1 " + founder.text.substr(0, founder.text.find('\n'));
    machine.memory_mib = static_cast<unsigned>(4 * size + guests / 8 + guest_memory_mib);
    machine.modules = {build_path("builder-domain"),
                       (folder_ / "platform").string() + " platform",
                       build_path("console") + " console",
                       build_path("builder-domain") + " builder-domain",
                       build_path("apps/xenstore") + " xenstore",
                       build_path("toolstack") + " toolstack",
                       (folder_ / "images.cpio").string() + " images.cpio"};
    // A socket's path is short: it cannot lie where the build does.
    sockets_ = fs::temp_directory_path() / ("skerry-test-" + std::to_string(getpid()));
    fs::create_directories(sockets_);
    machine.more = {"-chardev", "socket,id=operator,path=" + (sockets_ / "serial").string() + ",server=on,wait=off",
                    "-serial", "chardev:operator"};
    qemu_ = std::make_unique<Qemu>(machine);
    ASSERT_TRUE(qemu_->wait_for("4 of 4 domains run", 120s)) << qemu_->tail();
    start_broker();
}

void ControlPlane::TearDown() {
    if (broker_ > 0) {
        kill(broker_, SIGTERM);
        waitpid(broker_, nullptr, 0);
    }
    if (HasFailure() && qemu_) std::printf("%s\n", qemu_->tail(6000).c_str());
    fs::remove_all(sockets_);
}

Answer ControlPlane::run(const std::string& command) {
    Answer answer;
    FILE* pipe = popen((command + " 2>&1").c_str(), "r");
    std::array<char, 4096> piece;
    while (size_t count = fread(piece.data(), 1, piece.size(), pipe)) answer.text.append(piece.data(), count);
    const int status = pclose(pipe);
    answer.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    return answer;
}

Answer ControlPlane::skerry(const std::string& words) const {
    return run("SKERRY_SOCKET='" + (sockets_ / "operators").string() + "' timeout 300 " + build_path("skerry") + " " +
               words);
}

void ControlPlane::expect(const std::string& words, const std::vector<std::string>& texts) const {
    const Answer answer = skerry(words);
    EXPECT_EQ(answer.status, 0) << words << ":\n" << answer.text;
    for (const auto& text : texts)
        EXPECT_NE(answer.text.find(text), std::string::npos) << words << ":\n" << answer.text;
}

void ControlPlane::expect_failure(const std::string& words, const std::string& text) const {
    const Answer answer = skerry(words);
    EXPECT_NE(answer.status, 0) << words << ":\n" << answer.text;
    EXPECT_NE(answer.text.find(text), std::string::npos) << words << ":\n" << answer.text;
}

void ControlPlane::expect_log(const std::string& domain, const std::string& text) const {
    Answer answer;
    for (int tries = 0; tries < 120; ++tries) {
        answer = skerry("log " + domain);
        if (answer.text.find(text) != std::string::npos) return;
        sleep(1);
    }
    ADD_FAILURE() << "no `" << text << "` in the log of " << domain << ":\n"
                  << answer.text << "What happened:\n"
                  << skerry("log").text;
}

std::string ControlPlane::file(const std::string& name, const std::string& content) const {
    const fs::path path = folder_ / name;
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
}

std::string ControlPlane::config(const std::string& name, const std::string& text) const {
    return file(name + ".cfg", "name = \"" + name + "\"\n" + text);
}

long ControlPlane::free_memory() const {
    const std::string text = skerry("--json info").text, key = "\"free_memory_kib\":";
    const size_t at = text.find(key);
    return at == std::string::npos ? -1 : std::strtol(text.c_str() + at + key.size(), nullptr, 10);
}

void ControlPlane::expect_free_memory(long expected) const {
    for (int tries = 0; tries < 30 && free_memory() != expected; ++tries) sleep(1);
    EXPECT_EQ(free_memory(), expected) << "KiB free:\n" << skerry("list").text;
}

void ControlPlane::start_broker() {
    broker_ = fork();
    if (broker_ == 0) {
        const std::string program = build_path("skerry");
        execl(program.c_str(), "skerry", "broker", "--serial", (sockets_ / "serial").c_str(), "--listen",
              (sockets_ / "operators").c_str(), nullptr);
        _exit(127);
    }
    for (int tries = 0; tries < 100 && !fs::exists(sockets_ / "operators"); ++tries) usleep(100'000);
}

} // namespace skerry::test
