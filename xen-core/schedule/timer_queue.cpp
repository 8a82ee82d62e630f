// SPDX-License-Identifier: MIT
#include "schedule/timer_queue.h"

#include "base/log.h"

#include <algorithm>
#include <new>

namespace skerry {

constinit Timers timers;

// --- the heap: children of a node form a list by sibling_; previous_ leads back to the previous sibling or the parent.

Timer* TimerHeap::meld(Timer* a, Timer* b) {
    if (!a || !b) return a ? a : b;
    if (b->deadline_ < a->deadline_) std::swap(a, b);
    b->sibling_ = a->child_;
    if (b->sibling_) b->sibling_->previous_ = b;
    b->previous_ = a;
    a->child_ = b;
    return a;
}

// The two passes of a pairing heap: meld neighbours from left to right, then the results from right to left.
Timer* TimerHeap::meld_children(Timer* first) {
    Timer* pairs = nullptr;
    while (first) {
        Timer* second = first->sibling_;
        Timer* rest = second ? second->sibling_ : nullptr;
        first->sibling_ = first->previous_ = nullptr;
        if (second) second->sibling_ = second->previous_ = nullptr;
        Timer* pair = meld(first, second);
        pair->sibling_ = pairs;
        pairs = pair;
        first = rest;
    }
    Timer* root = nullptr;
    while (pairs) {
        Timer* next = pairs->sibling_;
        pairs->sibling_ = nullptr;
        root = meld(root, pairs);
        pairs = next;
    }
    return root;
}

void TimerHeap::insert(Timer& timer) {
    timer.child_ = timer.sibling_ = timer.previous_ = nullptr;
    root_ = meld(root_, &timer);
}

void TimerHeap::remove(Timer& timer) {
    Timer* below = meld_children(timer.child_);
    if (root_ == &timer) {
        root_ = below;
    } else {
        if (timer.previous_->child_ == &timer)
            timer.previous_->child_ = timer.sibling_;
        else
            timer.previous_->sibling_ = timer.sibling_;
        if (timer.sibling_) timer.sibling_->previous_ = timer.previous_;
        root_ = meld(root_, below);
    }
    timer.child_ = timer.sibling_ = timer.previous_ = nullptr;
}

// --- the queues

void Timers::start(unsigned cpu_count, const TimerHooks& hooks) {
    ASSERT(cpu_count >= 1 && cpu_count <= schedule_max_cpus);
    hooks_ = hooks;
    cpu_count_ = cpu_count;
    for (unsigned i = 0; i < cpu_count; ++i) (new (&queues_[i]) TimerQueue)->cpu_ = CpuId(i);
}

// The queue that the timer is armed in, locked; or null if it is not armed.
TimerQueue* Timers::lock_armed(Timer& timer) {
    while (timer.state_.load(std::memory_order_acquire) != Timer::State::idle) {
        TimerQueue& queue = queues_[timer.cpu_.load(std::memory_order_relaxed)];
        queue.lock_.acquire();
        if (timer.is_armed() && timer.cpu_.load(std::memory_order_relaxed) == queue.cpu_.value) [[likely]]
            return &queue;
        queue.lock_.release();
        spin_wait_hook();
    }
    return nullptr;
}

// With the queue's lock held: sees to it that the hardware fires in time.
void Timers::program(TimerQueue& queue) {
    Timer* first = queue.heap_.first();
    Nanoseconds next = std::min(queue.slice_end_, first ? first->deadline_ : never);
    if (next >= queue.programmed_) return;
    queue.programmed_ = next;
    hooks_.program(queue.cpu_, next);
}

void Timers::arm(Timer& timer, CpuId cpu, Nanoseconds deadline) {
    TimerQueue& queue = queues_[cpu.value];
    queue.lock_.acquire();
    for (;;) {
        if (timer.is_armed() && timer.cpu_.load(std::memory_order_relaxed) == cpu.value) {
            queue.heap_.remove(timer);
            break;
        }
        Timer::State idle = Timer::State::idle;
        if (timer.state_.compare_exchange_strong(idle, Timer::State::arming, std::memory_order_acq_rel)) [[likely]]
            break;
        queue.lock_.release(); // armed for another CPU
        cancel(timer);
        queue.lock_.acquire();
    }
    timer.deadline_ = deadline;
    finish_arming(timer, queue);
    queue.lock_.release();
}

void Timers::finish_arming(Timer& timer, TimerQueue& queue) {
    timer.cpu_.store(queue.cpu_.value, std::memory_order_relaxed);
    timer.state_.store(Timer::State::armed, std::memory_order_release);
    queue.heap_.insert(timer);
    program(queue);
}

void Timers::cancel(Timer& timer) {
    TimerQueue* queue = lock_armed(timer);
    if (!queue) return;
    queue->heap_.remove(timer);
    timer.state_.store(Timer::State::idle, std::memory_order_release);
    queue->lock_.release();
}

void Timers::cancel_and_wait(Timer& timer) {
    for (;;) {
        cancel(timer);
        bool running = false;
        for (unsigned i = 0; i < cpu_count_; ++i)
            running |= queues_[i].in_callback_.load(std::memory_order_acquire) == &timer;
        if (!running && !timer.is_armed()) return;
        spin_wait_hook();
    }
}

void Timers::migrate(Timer& timer, CpuId cpu) {
    if (!timer.is_armed() || timer.cpu_.load(std::memory_order_relaxed) == cpu.value) return;
    TimerQueue* from = lock_armed(timer);
    if (!from) return;
    from->heap_.remove(timer);
    timer.state_.store(Timer::State::arming, std::memory_order_release); // who cancels meanwhile waits
    from->lock_.release();
    TimerQueue& to = queues_[cpu.value];
    Holding held(to.lock_);
    finish_arming(timer, to);
}

bool Timers::expire(CpuId cpu, Nanoseconds now) {
    TimerQueue& queue = queues_[cpu.value];
    queue.lock_.acquire();
    queue.programmed_ = never;
    while (Timer* timer = queue.heap_.first()) {
        if (timer->deadline_ > now) break;
        queue.heap_.remove(*timer);
        queue.in_callback_.store(timer, std::memory_order_seq_cst);
        timer->state_.store(Timer::State::idle, std::memory_order_release);
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

void Timers::set_slice_end(CpuId cpu, Nanoseconds slice_end) {
    TimerQueue& queue = queues_[cpu.value];
    if (queue.slice_end_ == slice_end) // changed by this CPU only
        return;
    Holding held(queue.lock_);
    queue.slice_end_ = slice_end;
    program(queue);
}

Nanoseconds Timers::next_deadline(CpuId cpu) {
    TimerQueue& queue = queues_[cpu.value];
    Holding held(queue.lock_);
    Timer* first = queue.heap_.first();
    return std::min(queue.slice_end_, first ? first->deadline_ : never);
}

} // namespace skerry
