// SPDX-License-Identifier: MIT
// A timer that sends a signal or starts a thread, once or again and again: under timer_create(), alarm() and setitimer().
#pragma once

#include "signal_queue.h"

#include <minios/clock.h>

#include <time.h>

namespace minios::libc {

class PosixTimer {
  public:
    constexpr PosixTimer() : timer_(expired, this) {}
    /// What happens when it runs out. `id`: what the signal says of where it comes from.
    void set_event(const sigevent& event, int id);
    /// Runs out at system time `first_ns` (0: never), and then every `interval_ns` (0: not again).
    void set(std::uint64_t first_ns, std::uint64_t interval_ns);
    /// How long until it runs out (0: it does not), and the interval.
    itimerspec left() const;
    /// How often it ran out between the signal that was last taken and that one's taking.
    int overrun() const { return signal_.reported_overrun; }
    /// Disarms it and takes its signal back.
    void stop();

  private:
    static void expired(void* context);
    void notify(unsigned times);
    void start_thread(unsigned times);

    clock::Timer timer_;
    std::uint64_t deadline_ns_ = 0, interval_ns_ = 0;
    sigevent event_{};
    pthread_attr_t attributes_{};
    QueuedSignal signal_{};
};

} // namespace minios::libc
