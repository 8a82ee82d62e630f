// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace skerry::toolstack {

inline constexpr std::uint64_t millisecond = 1'000'000, second = 1000 * millisecond; ///< in nanoseconds

class Clock {
  public:
    virtual ~Clock() = default;
    /// Nanoseconds since the hypervisor started.
    virtual std::uint64_t now_ns() = 0;
    /// Nanoseconds since 1970-01-01 UTC.
    virtual std::uint64_t wall_ns() = 0;
};

} // namespace skerry::toolstack
