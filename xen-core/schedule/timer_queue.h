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
#include "base/log.h"

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
    void insert(Timer& timer) {
        timer.left_ = timer.right_ = nullptr;
        meld(&root_, root_, &timer);
    }
    void remove(Timer& timer) { meld(timer.link_, timer.left_, timer.right_); }

  private:
    // Puts the two heaps where `link` is. Follows their right spines and exchanges the children on the way, which keeps
    // the spines short.
    static void meld(Timer** link, Timer* a, Timer* b) {
        auto attach = [](Timer** to, Timer* timer) {
            *to = timer;
            if (timer) timer->link_ = to;
        };
        while (a && b) {
            if (b->deadline_ < a->deadline_) std::swap(a, b);
            attach(link, a);
            Timer* rest = a->right_;
            attach(&a->right_, a->left_);
            link = &a->left_;
            a = rest;
        }
        attach(link, a ? a : b);
    }
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

// How timers reach the machine: the earliest deadline of `cpu` is now `deadline`. On that CPU itself sets the hardware;
// for another one raises PendingWork::timer there, whose handler calls Timers::expire. Called with the queue's lock held.
using ProgramTimer = void (*)(CpuId cpu, Nanoseconds deadline);

// All CPUs' queues.
class Timers : NonCopyable {
  public:
    constexpr Timers() {}
    void start(unsigned cpu_count, ProgramTimer program_timer) {
        ASSERT(cpu_count >= 1 && cpu_count <= max_cpus);
        program_timer_ = program_timer;
        cpu_count_ = cpu_count;
        for (unsigned i = 0; i < cpu_count; ++i) (new (&queues_[i]) TimerQueue)->cpu_ = CpuId(i);
    }

    // (Re)arms to fire at `deadline` (ns since start; the past means at once) on `cpu`. Replaces an earlier arming.
    void arm(Timer& timer, CpuId cpu, Nanoseconds deadline) {
        TimerQueue& queue = queues_[cpu.value];
        for (;; cancel(timer)) {
            Holding held(queue.lock_);
            TimerQueue* armed_in = nullptr;
            if (!timer.queue_.compare_exchange_strong(armed_in, &queue, std::memory_order_acq_rel)) {
                if (armed_in != &queue) continue; // for another CPU
                queue.heap_.remove(timer);
            }
            timer.deadline_ = deadline;
            return enter(queue, timer);
        }
    }
    // Disarms. The callback may still be running on another CPU when this returns.
    void cancel(Timer& timer) {
        while (TimerQueue* queue = timer.queue_.load(std::memory_order_acquire)) {
            Holding held(queue->lock_);
            if (timer.queue_.load(std::memory_order_relaxed) != queue) continue;
            queue->heap_.remove(timer);
            return timer.queue_.store(nullptr, std::memory_order_release);
        }
    }
    // Disarms, and waits until its callback is not running on another CPU; for tearing the owner down. Call it with no
    // lock that the callback takes, and not from the callback.
    void cancel_and_wait(Timer& timer) {
        for (;;) {
            cancel(timer);
            bool running = false;
            for (unsigned i = 0; i < cpu_count_; ++i)
                running |= queues_[i].in_callback_.load(std::memory_order_acquire) == &timer;
            if (!running && !timer.is_armed()) return;
            spin_wait_hook();
        }
    }
    // An armed timer will fire on `cpu` instead. Nothing if it is not armed.
    void migrate(Timer& timer, CpuId cpu) {
        TimerQueue& to = queues_[cpu.value];
        for (;;) {
            TimerQueue* from = timer.queue_.load(std::memory_order_acquire);
            if (!from || from == &to) return;
            HoldingBoth both(from->lock_, to.lock_);
            if (timer.queue_.load(std::memory_order_relaxed) != from) continue;
            from->heap_.remove(timer);
            return enter(to, timer);
        }
    }

    // The handler of the timer interrupt and of PendingWork::timer on `cpu`: runs what is due, programs the hardware
    // for the rest. True if the slice has ended: the caller raises reschedule.
    [[nodiscard]] bool expire(CpuId cpu, Nanoseconds now) {
        TimerQueue& queue = queues_[cpu.value];
        queue.lock_.acquire();
        queue.programmed_ = never;
        while (queue.heap_.deadline() <= now) {
            Timer* timer = queue.heap_.first();
            queue.heap_.remove(*timer);
            queue.in_callback_.store(timer, std::memory_order_seq_cst);
            timer->queue_.store(nullptr, std::memory_order_release);
            queue.lock_.release();
            timer->callback_(*timer, now);
            queue.in_callback_.store(nullptr, std::memory_order_release);
            queue.lock_.acquire();
        }
        bool slice_is_over = now >= queue.slice_end_;
        if (slice_is_over) queue.slice_end_ = never;
        program(queue);
        queue.lock_.release();
        return slice_is_over;
    }
    // The scheduler's decision, on `cpu`, for `cpu`.
    void set_slice_end(CpuId cpu, Nanoseconds slice_end) {
        TimerQueue& queue = queues_[cpu.value];
        if (queue.slice_end_ == slice_end) return; // changed by this CPU only
        Holding held(queue.lock_);
        queue.slice_end_ = slice_end;
        program(queue);
    }

  private:
    // With the queue's lock held, and the timer armed in no queue's heap.
    void enter(TimerQueue& queue, Timer& timer) {
        timer.queue_.store(&queue, std::memory_order_release);
        queue.heap_.insert(timer);
        program(queue);
    }
    // With the queue's lock held: sees to it that the hardware fires in time.
    void program(TimerQueue& queue) {
        Nanoseconds next = queue.next();
        if (next >= queue.programmed_) return;
        queue.programmed_ = next;
        program_timer_(queue.cpu_, next);
    }

    ProgramTimer program_timer_ = nullptr;
    unsigned cpu_count_ = 0;
    union { // constructed by start()
        char nothing_ = 0;
        TimerQueue queues_[max_cpus];
    };
};

inline constinit Timers timers;

} // namespace skerry
