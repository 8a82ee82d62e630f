// SPDX-License-Identifier: MIT
#include "qemu.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace skerry::test {

using namespace std::chrono_literals;

namespace {

std::string escape_commas(const std::string& text) {
    std::string result;
    for (const char c : text) result += c == ',' ? std::string(",,") : std::string(1, c);
    return result;
}

bool on_bochs() { return std::getenv("SKERRY_BOCHS") != nullptr; }

std::vector<std::string> arguments(const Machine& machine) {
    if (on_bochs()) {
        std::vector<std::string> list = {"tests/system/bochs",
                                         build_path(std::string("tests/bochs/") + program_invocation_short_name),
                                         std::to_string(machine.cpus),
                                         std::to_string(machine.memory_mib),
                                         machine.kernel,
                                         machine.options};
        list.insert(list.end(), machine.modules.begin(), machine.modules.end());
        return list;
    }
    std::vector<std::string> list = {"qemu-system-x86_64",
                                     "-accel",
                                     "tcg",
                                     "-machine",
                                     "q35",
                                     "-cpu",
                                     machine.cpu,
                                     "-m",
                                     std::to_string(machine.memory_mib),
                                     "-smp",
                                     std::to_string(machine.cpus),
                                     "-display",
                                     "none",
                                     "-no-reboot",
                                     "-nodefaults",
                                     "-serial",
                                     "stdio"};
    if (!machine.kernel.empty()) list.insert(list.end(), {"-kernel", machine.kernel, "-append", machine.options});
    std::string modules;
    for (const std::string& module : machine.modules) modules += (modules.empty() ? "" : ",") + escape_commas(module);
    if (!modules.empty()) list.insert(list.end(), {"-initrd", modules});
    list.insert(list.end(), machine.more.begin(), machine.more.end());
    return list;
}

} // namespace

Qemu::Qemu(const Machine& machine) {
    int input[2], output[2];
    if (pipe2(input, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC) != 0) throw std::runtime_error("pipe failed");
    const std::vector<std::string> list = arguments(machine);
    std::vector<char*> raw;
    for (const std::string& argument : list) raw.push_back(const_cast<char*>(argument.c_str()));
    raw.push_back(nullptr);
    process_ = fork();
    if (process_ < 0) throw std::runtime_error("fork failed");
    if (process_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(input[0], 0);
        dup2(output[1], 1);
        dup2(output[1], 2);
        execvp(raw[0], raw.data());
        std::fprintf(stderr, "cannot start %s\n", raw[0]);
        _exit(127);
    }
    close(input[0]);
    close(output[1]);
    to_serial_ = input[1];
    from_serial_ = output[0];
    std::signal(SIGPIPE, SIG_IGN);
}

Qemu::~Qemu() {
    if (!status_) {
        kill(process_, SIGKILL);
        reap(true);
    }
    close(to_serial_);
    close(from_serial_);
}

bool Qemu::reap(bool block) {
    int status = 0;
    if (status_ || waitpid(process_, &status, block ? 0 : WNOHANG) != process_) return status_.has_value();
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
}

// Reads what there is, waiting until `end` at the longest. False when nothing more will come or the time is up.
bool Qemu::read_some(std::chrono::steady_clock::time_point end) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    if (at_end_ || left <= 0) return false;
    pollfd waiting{from_serial_, POLLIN, 0};
    if (poll(&waiting, 1, static_cast<int>(left)) <= 0) return false;
    char buffer[4096];
    const ssize_t size = read(from_serial_, buffer, sizeof buffer);
    if (size <= 0) {
        at_end_ = true;
        return false;
    }
    output_.append(buffer, static_cast<size_t>(size));
    return true;
}

// Whether the hypervisor has given up: nothing further is worth waiting for.
bool Qemu::panicked() const {
    return output_.find("xen-core: panic") != std::string::npos || output_.find("Panic on CPU") != std::string::npos;
}

std::optional<size_t> Qemu::wait_for_any(const std::vector<std::string>& texts, std::chrono::seconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit * (on_bochs() ? 5 : 1); // which interprets
    for (;;) {
        size_t best = std::string::npos, which = 0;
        for (size_t i = 0; i < texts.size(); i++) {
            const size_t at = output_.find(texts[i], position_);
            if (at < best) best = at, which = i;
        }
        if (best != std::string::npos) {
            position_ = best + texts[which].size();
            return which;
        }
        if (!read_some(std::min(end, panicked() ? std::chrono::steady_clock::now() + 1s : end))) return std::nullopt;
    }
}

bool Qemu::wait_for(std::string_view text, std::chrono::seconds limit) {
    return wait_for_any({std::string(text)}, limit).has_value();
}

void Qemu::send(std::string_view text) {
    while (!text.empty()) {
        const ssize_t size = write(to_serial_, text.data(), text.size());
        if (size <= 0) return;
        text.remove_prefix(static_cast<size_t>(size));
    }
}

std::optional<int> Qemu::wait_exit(std::chrono::seconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (read_some(end)) {}
    while (!reap(false) && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return status_;
}

std::string Qemu::tail(size_t bytes) const {
    return output_.size() <= bytes ? output_ : "..." + output_.substr(output_.size() - bytes);
}

std::string build_path(const std::string& name) {
    const char* build = std::getenv("BUILD");
    return std::string(build != nullptr ? build : "build") + "/" + name;
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace skerry::test
