// SPDX-License-Identifier: MIT
// Timers of one CPU: a queue by deadline, and the hardware timer behind it. The end of the scheduler's slice shares the
// hardware timer.
//
// A timer belongs to the queue of one CPU at a time and fires there, once per arm(); periodic ones arm themselves again
// in their callback. The callback runs on that CPU with no lock held (it may arm, cancel, wake, send events). arm,
// cancel and migrate may be called from any CPU. Hardware is programmed lazily: only when something earlier than what
// is programmed appears; an interrupt that comes too early is harmless. Lock: LockRank::timers (two: in address order).
#pragma once

#include "base/cpu_set.h"
#include "base/lock.h"

#include <algorithm>
#include <new>

namespace skerry {

class TimerQueue;

class Timer : NonCopyable {
  public:
    using Callback = void (*)(Timer&, Nanoseconds now);
    explicit Timer(Callback callback) : callback_(callback) {}

    bool is_armed() const { return queue_.load(std::memory_order_relaxed); }

  private:
    friend class TimerHeap;
    friend class Timers;
    Callback callback_;
    Nanoseconds deadline_ = 0;
    // Where it is armed; null: it is not. Becomes a queue, and stops being it, only under that queue's lock.
    std::atomic<TimerQueue*> queue_{nullptr};
    // In the heap: the children, and the pointer that leads here.
    Timer* left_ = nullptr;
    Timer* right_ = nullptr;
    Timer** link_ = nullptr;
};

// A timer that calls a member function of the object it is part of.
template <typename Owner, void (Owner::*expired)(Nanoseconds now)> struct OwnedTimer : Timer {
    explicit OwnedTimer(Owner& owner)
        : Timer([](Timer& timer, Nanoseconds now) { (static_cast<OwnedTimer&>(timer).owner.*expired)(now); }),
          owner(owner) {}
    Owner& owner;
};

// A skew heap by deadline; equal deadlines in no particular but a reproducible order. All operations: O(log n),
// amortised.
class TimerHeap : NonCopyable {
  public:
    Timer* first() const { return root_; }
    Nanoseconds deadline() const { return root_ ? root_->deadline_ : never; } // of the first
    void insert(Timer& timer);
    void remove(Timer& timer) { meld(timer.link_, timer.left_, timer.right_); }

  private:
    static void meld(Timer** link, Timer* a, Timer* b);
    Timer* root_ = nullptr;
};

class alignas(64) TimerQueue : NonCopyable {
    friend class Timers;
    Nanoseconds next() const { return std::min(slice_end_, heap_.deadline()); }

    Lock<LockRank::timers> lock_;
    CpuId cpu_;
    TimerHeap heap_;
    Nanoseconds slice_end_ = never;
    Nanoseconds programmed_ = never;           // what the hardware timer is set to
    std::atomic<Timer*> in_callback_{nullptr}; // whose callback runs on this CPU
};

// How timers reach the machine.
struct TimerHooks {
    // The earliest deadline of `cpu` is now `deadline`: on that CPU itself set the hardware; for another one raise
    // PendingWork::timer there, whose handler calls Timers::expire. Called with the queue's lock held.
    void (*program)(CpuId cpu, Nanoseconds deadline);
};

// All CPUs' queues.
class Timers : NonCopyable {
  public:
    constexpr Timers() {}
    void start(unsigned cpu_count, const TimerHooks& hooks);

    // (Re)arms to fire at `deadline` (ns since start; the past means at once) on `cpu`. Replaces an earlier arming.
    void arm(Timer& timer, CpuId cpu, Nanoseconds deadline);
    // Disarms. The callback may still be running on another CPU when this returns.
    void cancel(Timer& timer);
    // Disarms, and waits until its callback is not running on another CPU; for tearing the owner down. Call it with no
    // lock that the callback takes, and not from the callback.
    void cancel_and_wait(Timer& timer);
    // An armed timer will fire on `cpu` instead. Nothing if it is not armed.
    void migrate(Timer& timer, CpuId cpu);

    // The handler of the timer interrupt and of PendingWork::timer on `cpu`: runs what is due, programs the hardware
    // for the rest. True if the slice has ended: the caller raises reschedule.
    [[nodiscard]] bool expire(CpuId cpu, Nanoseconds now);
    // The scheduler's decision, on `cpu`, for `cpu`.
    void set_slice_end(CpuId cpu, Nanoseconds slice_end);
    // The next thing to happen on `cpu` (`never` if nothing): how long an idle CPU may sleep.
    Nanoseconds next_deadline(CpuId cpu);

  private:
    void enter(TimerQueue& queue, Timer& timer);
    void program(TimerQueue& queue);

    TimerHooks hooks_{};
    unsigned cpu_count_ = 0;
    union { // constructed by start()
        char nothing_ = 0;
        TimerQueue queues_[max_cpus];
    };
};

extern Timers timers;

} // namespace skerry
