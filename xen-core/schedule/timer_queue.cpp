// SPDX-License-Identifier: MIT
#include "schedule/timer_queue.h"

#include "base/log.h"

namespace skerry {

constinit Timers timers;

// Puts the two heaps where `link` is. Follows their right spines and exchanges the children on the way, which keeps the
// spines short.
void TimerHeap::meld(Timer** link, Timer* a, Timer* b) {
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

void TimerHeap::insert(Timer& timer) {
    timer.left_ = timer.right_ = nullptr;
    meld(&root_, root_, &timer);
}

void Timers::start(unsigned cpu_count, const TimerHooks& hooks) {
    ASSERT(cpu_count >= 1 && cpu_count <= max_cpus);
    hooks_ = hooks;
    cpu_count_ = cpu_count;
    for (unsigned i = 0; i < cpu_count; ++i) (new (&queues_[i]) TimerQueue)->cpu_ = CpuId(i);
}

// With the queue's lock held: sees to it that the hardware fires in time.
void Timers::program(TimerQueue& queue) {
    Nanoseconds next = queue.next();
    if (next >= queue.programmed_) return;
    queue.programmed_ = next;
    hooks_.program(queue.cpu_, next);
}

// With the queue's lock held, and the timer armed in no queue's heap.
void Timers::enter(TimerQueue& queue, Timer& timer) {
    timer.queue_.store(&queue, std::memory_order_release);
    queue.heap_.insert(timer);
    program(queue);
}

void Timers::arm(Timer& timer, CpuId cpu, Nanoseconds deadline) {
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

void Timers::cancel(Timer& timer) {
    while (TimerQueue* queue = timer.queue_.load(std::memory_order_acquire)) {
        Holding held(queue->lock_);
        if (timer.queue_.load(std::memory_order_relaxed) != queue) continue;
        queue->heap_.remove(timer);
        return timer.queue_.store(nullptr, std::memory_order_release);
    }
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

bool Timers::expire(CpuId cpu, Nanoseconds now) {
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
    return queue.next();
}

} // namespace skerry
