// SPDX-License-Identifier: MIT
// A platform with its control plane in QEMU, and `skerry` on its second serial line, for tests that are its operator.
#pragma once

#include "qemu.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <memory>
#include <sys/types.h>

namespace skerry::test {

struct Answer {
    int status = -1;
    std::string text; // what it said, errors included
};

class ControlPlane : public testing::Test {
  protected:
    // Images by name, and where they lie below the build folder.
    using Images = std::vector<std::pair<std::string, std::string>>;
    // Boots what make-platform describes, without a guest but with room for `guests`, of which all together have so much memory.
    void start(const Images& images, unsigned guests = 60, unsigned guest_memory_mib = 640);
    void TearDown() override;

    static Answer run(const std::string& command);
    Answer skerry(const std::string& words) const;
    // It succeeds and says all of this.
    void expect(const std::string& words, const std::vector<std::string>& texts) const;
    void expect_failure(const std::string& words, const std::string& text) const;
    // `skerry log` of that domain comes to say it.
    void expect_log(const std::string& domain, const std::string& text) const;
    // A file with that content; its path.
    std::string file(const std::string& name, const std::string& content) const;
    // A file with that xl.cfg text and that name.
    std::string config(const std::string& name, const std::string& text) const;
    // KiB that no domain has, by `skerry info`.
    long free_memory() const;
    // Waits until it is that again: what a guest had comes back when the last who mapped a page of it has let go.
    void expect_free_memory(long expected) const;

  private:
    void start_broker();

    std::filesystem::path folder_, sockets_;
    std::unique_ptr<Qemu> qemu_;
    pid_t broker_ = -1;
};

} // namespace skerry::test
