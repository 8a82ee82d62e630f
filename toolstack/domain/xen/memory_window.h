// SPDX-License-Identifier: MIT
// The window at a machine address that this domain may map (`iomem` in the platform description).
#pragma once

#include "toolstack/domain/parts/window.h"

namespace skerry::toolstack {

class MemoryWindow final : public Window {
  public:
    /// Both in whole pages.
    MemoryWindow(std::uint64_t address, std::uint64_t size) : address_(address), size_(size) {}
    std::uint64_t size() const override { return size_; }
    std::string read(std::uint64_t offset, std::size_t count) override;

  private:
    std::uint64_t address_, size_;
};

} // namespace skerry::toolstack
