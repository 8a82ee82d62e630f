// SPDX-License-Identifier: MIT
// Time: nanoseconds since the hypervisor started (from the vCPU's time page and the TSC), the wall clock, sleeping and
// timers.
#pragma once

#include <minios/types.h>

#include <cstdint>

namespace minios::clock {

/// System time in nanoseconds.
std::uint64_t now_ns();
/// Nanoseconds since the domain was entered.
std::uint64_t since_entry_ns();
/// Wall clock: nanoseconds since 1970-01-01 UTC.
std::uint64_t wall_ns();
/// Blocks the calling thread for at least that long.
void sleep_ns(std::uint64_t duration);
inline void sleep_ms(std::uint64_t duration) { sleep_ns(duration * 1'000'000); }

/// Calls a function once at a time; the function runs as event handlers do. The object must outlive its arming.
class Timer {
  public:
    using Callback = void (*)(void* context);
    constexpr Timer(Callback callback, void* context) : callback_(callback), context_(context) {}
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { cancel(); }
    /// Arms (or re-arms) for system time `deadline_ns`.
    void set(std::uint64_t deadline_ns);
    void cancel();
    bool armed() const { return armed_; }

  private:
    friend struct TimerQueue;
    Callback callback_;
    void* context_;
    std::uint64_t deadline_ = 0;
    Timer* next_ = nullptr;
    bool armed_ = false;
};

} // namespace minios::clock
