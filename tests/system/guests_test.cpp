// SPDX-License-Identifier: MIT
// Runs every tiny guest (tests/guests/*) as the first domain and turns each of its cases into one test. The guest runs
// once, when its first case is asked for. With SKERRY_ORACLE=1 the hypervisor is Debian's Xen, which proves the guests
// themselves.
#include "qemu.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <regex>
#include <sstream>

namespace skerry::test {
namespace {

using namespace std::chrono_literals;

bool oracle() { return std::getenv("SKERRY_ORACLE") != nullptr; }

// What a guest's run said.
struct GuestRun {
    bool done = false;
    std::string output;
};

// "// machine: KEY VALUE" lines in a guest's main.cpp change the machine it gets.
Machine machine_for(const std::string& guest, const std::string& source) {
    Machine machine;
    machine.kernel = build_path(oracle() ? "debian/xen" : "xen-core");
    machine.options = "console=com1 dom0_mem=128M dom0_max_vcpus=2 loglvl=all guest_loglvl=all";
    std::string arguments;
    const std::regex setting("// machine: (\\w+) (.*)");
    for (std::sregex_iterator at(source.begin(), source.end(), setting), end; at != end; ++at) {
        const std::string key = (*at)[1], value = (*at)[2];
        if (key == "cpus")
            machine.cpus = static_cast<unsigned>(std::stoul(value));
        else if (key == "memory")
            machine.memory_mib = static_cast<unsigned>(std::stoul(value));
        else if (key == "options")
            machine.options += " " + value;
        else if (key == "arguments")
            arguments = " " + value;
        else if (key == "module")
            machine.modules.push_back(value);
    }
    machine.modules.insert(machine.modules.begin(), build_path("tests/guests/" + guest) + arguments);
    return machine;
}

const GuestRun& run_of(const std::string& guest, const std::string& source) {
    static std::map<std::string, GuestRun> runs;
    if (const auto found = runs.find(guest); found != runs.end()) return found->second;
    Qemu qemu(machine_for(guest, source));
    const std::vector<std::string> ends = {"verdict: done", "verdict: broken", "Hardware Dom0 ",
                                           "Panic on CPU",  "xen-core: panic", "the machine goes with it"};
    const char* limit = std::getenv("SKERRY_GUEST_SECONDS");
    const auto which = qemu.wait_for_any(ends, std::chrono::seconds(limit != nullptr ? std::stoi(limit) : 90));
    if (which && *which == 0) return runs[guest] = {true, qemu.output()};
    qemu.wait_exit(which ? 2s : 0s); // let it say why
    std::ofstream(build_path("tests/results/guest-" + guest + ".log")) << qemu.output();
    return runs[guest] = {false, qemu.output()};
}

class GuestCase : public testing::Test {
  public:
    GuestCase(std::string guest, std::string name, std::string source)
        : guest_(std::move(guest)), name_(std::move(name)), source_(std::move(source)) {}

    void TestBody() override {
        const GuestRun& run = run_of(guest_, source_);
        std::string failures;
        bool passed = false;
        std::istringstream lines(run.output);
        for (std::string line; std::getline(lines, line);) {
            while (!line.empty() && line.back() == '\r') line.pop_back();
            const size_t at = line.find("verdict: ");
            if (at == std::string::npos) continue;
            std::istringstream words(line.substr(at + 9));
            std::string kind, name, rest;
            words >> kind >> name;
            std::getline(words, rest);
            if (name != name_) continue;
            if (kind == "fail")
                failures += "\n   " + rest;
            else if (kind == "pass")
                passed = true;
            else if (kind == "skip")
                GTEST_SKIP() << rest;
        }
        EXPECT_EQ(failures, "");
        if (!failures.empty() || passed) return;
        const size_t size = run.output.size();
        ADD_FAILURE() << (run.done ? "the guest finished without a verdict on this case"
                                   : "the guest or the hypervisor broke (no verdict: done)")
                      << "\n"
                      << run.output.substr(size > 1500 ? size - 1500 : 0);
    }

  private:
    std::string guest_, name_, source_;
};

void register_guests(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> guests;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (std::filesystem::exists(entry.path() / "main.cpp") && entry.path().filename() != "lib")
            guests.push_back(entry.path());
    }
    std::sort(guests.begin(), guests.end());
    const std::regex case_line("(?:^|\n)GUEST_CASE\\((\\w+)\\)");
    for (const auto& path : guests) {
        const std::string guest = path.filename(), source = read_file(path / "main.cpp");
        for (std::sregex_iterator at(source.begin(), source.end(), case_line), end; at != end; ++at) {
            const std::string name = (*at)[1];
            testing::RegisterTest(("guest_" + guest).c_str(), name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                                  [=]() -> testing::Test* { return new GuestCase(guest, name, source); });
        }
    }
}

} // namespace
} // namespace skerry::test

int main(int count, char** arguments) {
    testing::InitGoogleTest(&count, arguments);
    skerry::test::register_guests("tests/guests");
    return RUN_ALL_TESTS();
}
