// SPDX-License-Identifier: MIT
// Signals that wait: of one thread, or of the process (for whichever thread takes them first). Standard signals wait at most once each,
// and one without a value needs no memory; real-time signals, and what brings a value, stand in a queue.
#pragma once

#include <signal.h>

namespace minios::libc {

inline constexpr int most_signals = NSIG;
constexpr sigset_t bit_of(int signal) { return sigset_t{1} << signal; }
inline bool is_signal(int signal) { return signal > 0 && signal < most_signals; }

/// A queued signal. Timers have one of their own each, which is queued at most once (`of_timer`); others come from the heap.
struct QueuedSignal {
    siginfo_t info{};
    QueuedSignal* next = nullptr;
    bool of_timer = false, queued = false;
    int reported_overrun = 0; ///< of a timer: info.si_overrun when it was last taken
};

class SignalQueue {
  public:
    /// Which signals wait here.
    sigset_t set() const { return plain_ | queued_; }
    /// 0 or -EAGAIN: too many wait in all, or no memory. A standard signal that waits already is dropped.
    int add(const siginfo_t& info);
    /// Adds a timer's signal, which is not queued yet.
    void add(QueuedSignal& signal);
    /// Takes the lowest of `wanted` out; false: none waits.
    bool take(sigset_t wanted, siginfo_t& info);
    /// Forgets all that are in `unwanted`.
    void discard(sigset_t unwanted);
    /// Takes a timer's signal out, if it is here.
    void remove(QueuedSignal& signal);

  private:
    void append(QueuedSignal& signal);
    void count_again();
    sigset_t plain_ = 0, queued_ = 0; ///< without, and with an entry in the queue
    QueuedSignal* first_ = nullptr;
};

} // namespace minios::libc
