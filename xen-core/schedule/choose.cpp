// SPDX-License-Identifier: MIT
// What a CPU runs next.
#include "schedule/policy.h"
#include "schedule/scheduler.h"

#include "base/log.h"

#include <algorithm>

namespace skerry {

Decision Scheduler::choose_next(CpuId cpu, Nanoseconds now) {
    RunQueue& queue = queues_[cpu.value];
    if (cpu_count_ > 1)
        balance(queue, now);
    else if (is_alone(queue))
        return goes_on(queue);

    Holding held(queue.lock_);
    queue.charge(now);
    queue.unpark_due(now);
    SchedEntity& next = stays(queue, now) ? *queue.current_ : replace_current(queue, now);
    queue.preempt_ = queue.yielding_ = false;
    queue.advance_clock(now);
    return decide(queue, next, now);
}

// On the only CPU: nobody else wants it, nothing limits the current entity. (Its time is booked when somebody does.)
bool Scheduler::is_alone(const RunQueue& queue) const {
    const SchedEntity& current = *queue.current_;
    return queue.waiting_count_ == 0 && queue.unpark_at_ == never && queue.resident_ == &current &&
           current.hold_.load(std::memory_order_relaxed) == 0 && current.group_->cap() == 0;
}

Decision Scheduler::goes_on(RunQueue& queue) {
    queue.preempt_ = queue.yielding_ = false;
    queue.slice_end_ = never;
    return {queue.current_, nullptr, nullptr, never};
}

// May the current entity go on?
bool Scheduler::stays(RunQueue& queue, Nanoseconds now) {
    SchedEntity& current = *queue.current_;
    if (current.is_idle()) return queue.waiting_count_ == 0;
    if (current.hold_.load(std::memory_order_seq_cst) != 0 || !queue.may_run(current)) return false;
    if (SchedEntity* rival = queue.waiting_.first()) {
        if (queue.yielding_) return false;
        bool turn_is_over = queue.preempt_ || now >= queue.slice_end_;
        if (turn_is_over && rival->virtual_time_ < current.virtual_time_) return false;
    }
    return queue.renew_budget(now);
}

// Puts the current entity where it belongs now and makes the best one current.
SchedEntity& Scheduler::replace_current(RunQueue& queue, Nanoseconds now) {
    SchedEntity& old = *queue.current_;
    bool requeue = false;
    if (!old.is_idle()) {
        queue.return_budget();
        uint32_t hold = old.hold_.load(std::memory_order_seq_cst);
        requeue = hold == 0 && queue.may_run(old);
        old.unplaced_.store(hold == 0 && !requeue, std::memory_order_seq_cst);
        old.lag_ = static_cast<int64_t>(old.virtual_time_ - queue.clock_);
        RunQueue::set_runstate(old, RunQueue::idle_runstate(hold), now);
        old.running_.store(false, std::memory_order_seq_cst);
    }
    if (requeue && !queue.yielding_) queue.insert(old);
    SchedEntity* next = queue.take_first(now);
    if (requeue && queue.yielding_) {
        queue.insert(old); // behind the one it gives way to, whatever its claim
        if (!next) next = queue.take_first(now);
    }
    if (!next)
        next = &queue.idle_;
    else
        next->running_.store(true, std::memory_order_seq_cst);
    queue.current_ = next;
    queue.slice_end_ = 0;
    RunQueue::set_runstate(*next, RUNSTATE_running, now);
    if (!old.is_idle() || next->is_idle())
        RunQueue::set_runstate(queue.idle_, next->is_idle() ? RUNSTATE_running : RUNSTATE_runnable, now);
    return *next;
}

Decision Scheduler::decide(RunQueue& queue, SchedEntity& next, Nanoseconds now) {
    Nanoseconds end = queue.slice_end_for(next, now, cpu_count_ == 1);
    // Looking at the queue in the middle of a turn does not prolong the turn.
    bool in_turn = queue.slice_end_ > now && queue.slice_end_ != never;
    queue.slice_end_ = in_turn ? std::min(queue.slice_end_, end) : end;
    queue.publish();

    Decision decision{&next, nullptr, nullptr, queue.slice_end_};
    SchedEntity* resident = queue.resident_;
    if (next.is_idle()) {
        if (resident && (resident->evict_ || resident->unplaced_.load(std::memory_order_relaxed))) {
            decision.save = resident;
            queue.resident_ = nullptr;
        }
    } else if (resident != &next) {
        decision.save = resident;
        decision.load = &next;
        queue.resident_ = &next;
        next.on_cpu_.store(true, std::memory_order_relaxed);
    }
    if (resident) resident->evict_ = false;
    if (cpu_count_ > 1) {
        mark_idle(queue.cpu(), next.is_idle());
        if (SchedEntity* waits = queue.waiting_.first()) {
            std::atomic_thread_fence(std::memory_order_seq_cst); // as in enqueue_and_kick
            if (any_idle()) kick_idle_for(*waits);
        }
    }
    return decision;
}

} // namespace skerry
