// SPDX-License-Identifier: MIT
// Memory that this domain shares with the operator's machine, where the platform has some (QEMU has a file there, tools/run):
// images come through it much faster than over the serial line.
#pragma once

#include "toolstack/domain/base/failure.h"

#include <cstdint>
#include <string>

namespace skerry::toolstack {

class Window {
  public:
    virtual ~Window() = default;
    /// Bytes; 0: there is none.
    virtual std::uint64_t size() const = 0;
    /// A copy of what is there now; others may change it at any moment. Throws Failure.
    virtual std::string read(std::uint64_t offset, std::size_t count) = 0;
};

class NoWindow final : public Window {
  public:
    std::uint64_t size() const override { return 0; }
    std::string read(std::uint64_t, std::size_t) override {
        throw Failure(code::unavailable, "there is no shared memory");
    }
};

} // namespace skerry::toolstack
