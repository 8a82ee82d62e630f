// SPDX-License-Identifier: MIT
// From POSIX's times to system time.
#pragma once

#include <minios/clock.h>

#include <time.h>

namespace minios::libc {

inline constexpr std::uint64_t second_ns = 1'000'000'000;

inline bool valid(const timespec& time) {
    return time.tv_sec >= 0 && time.tv_nsec >= 0 && time.tv_nsec < 1'000'000'000;
}
/// Of a valid time, at most about 300 years.
inline std::uint64_t nanoseconds(const timespec& time) {
    constexpr std::uint64_t most_seconds = 10'000'000'000;
    const auto seconds = static_cast<std::uint64_t>(time.tv_sec);
    return (seconds < most_seconds ? seconds : most_seconds) * second_ns + static_cast<std::uint64_t>(time.tv_nsec);
}

/// The system time (minios::clock) at which `clock` shows `when`; never 0.
std::uint64_t system_deadline(clockid_t clock, const timespec& when);

} // namespace minios::libc
