// SPDX-License-Identifier: MIT
// A QEMU machine on whose serial line a test reads and types. One object is one run; the destructor ends it.
// With SKERRY_BOCHS=1 it is one of Bochs (tests/system/bochs), without what `more` and `cpu` say.
// Every wait is bounded by a total time, which only says "hung": no test asserts on speed. Not thread-safe.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skerry::test {

struct Machine {
    std::string kernel;               // multiboot image: xen-core or Debian's Xen; empty to boot otherwise
    std::string options;              // its command line
    std::vector<std::string> modules; // "FILE ARGUMENTS"; commas are escaped for QEMU
    unsigned memory_mib = 512;
    unsigned cpus = 2;
    std::string cpu = "max,-smap"; // docs: QEMU 7.2's SMAP emulation breaks ring-3 iretq
    std::vector<std::string> more; // further QEMU arguments
};

class Qemu {
  public:
    explicit Qemu(const Machine& machine);
    ~Qemu();
    Qemu(const Qemu&) = delete;
    Qemu& operator=(const Qemu&) = delete;

    // Waits until `text` appears after everything that earlier waits have matched. False: time is up, QEMU ended, or
    // the hypervisor panicked.
    bool wait_for(std::string_view text, std::chrono::seconds limit);
    // Waits for the first of several texts; its index, or nullopt.
    std::optional<size_t> wait_for_any(const std::vector<std::string>& texts, std::chrono::seconds limit);
    // Types on the serial line, slowly enough for a UART's FIFO.
    void send(std::string_view text);
    // Waits for QEMU to end by itself; its exit status (128 + signal if killed).
    std::optional<int> wait_exit(std::chrono::seconds limit);
    // Everything the serial line has said.
    const std::string& output() const { return output_; }
    std::string tail(size_t bytes = 3000) const;

  private:
    bool read_some(std::chrono::steady_clock::time_point end);
    bool reap(bool block);
    bool panicked() const;

    int process_ = -1;
    int to_serial_ = -1;
    int from_serial_ = -1;
    bool at_end_ = false;
    std::optional<int> status_;
    std::string output_;
    size_t position_ = 0;
};

// Where build products lie: the environment's BUILD, or "build".
std::string build_path(const std::string& name);

// A file's bytes; empty if it cannot be read.
std::string read_file(const std::string& path);

} // namespace skerry::test
