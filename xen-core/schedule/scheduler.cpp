// SPDX-License-Identifier: MIT
// The life of an entity: what holds it back, and what others see of it; and what a CPU runs next.
#include "schedule/scheduler.h"

namespace skerry {

Status Scheduler::set_affinity(SchedEntity& entity, const Affinity& hard, const Affinity& soft) {
    if ((hard & online_).is_empty()) return Error::invalid;
    RunQueue& home = lock_home(entity);
    entity.hard_ = hard;
    entity.soft_ = soft;
    bool must_leave = !home.may_run(entity);
    if (must_leave && entity.is_linked()) home.leave(entity);
    bool is_here = home.current_ == &entity;
    home.lock_.release();
    if (!is_here)
        settle(entity);
    else if (must_leave)
        hooks_.kick(home.cpu());
    return success;
}

// --- what a CPU runs next

Decision Scheduler::choose_next(CpuId cpu, Nanoseconds now) {
    RunQueue& queue = queues_[cpu.value];
    if (cpu_count_ > 1) {
        balance(queue, now);
    } else if (is_alone(queue)) {
        queue.preempt_ = queue.yielding_ = false;
        return {queue.current_, nullptr, nullptr, queue.slice_end_ = never};
    }

    Holding held(queue.lock_);
    queue.charge(now);
    queue.unpark_due(now);
    SchedEntity& next = stays(queue, now) ? *queue.current_ : replace_current(queue, now);
    queue.preempt_ = queue.yielding_ = false;
    queue.advance_clock(now);
    return decide(queue, next, now);
}

// May the current entity go on?
bool Scheduler::stays(RunQueue& queue, Nanoseconds now) {
    SchedEntity& current = *queue.current_;
    if (current.is_idle()) return queue.waiting_.is_empty();
    if (current.hold_.load(std::memory_order_seq_cst) != 0 || !queue.may_run(current)) return false;
    if (SchedEntity* rival = queue.waiting_.first()) {
        if (queue.yielding_) return false;
        bool turn_is_over = queue.preempt_ || now >= queue.slice_end_;
        if (turn_is_over && rival->virtual_time_ < current.virtual_time_) return false;
    }
    return current.group_->may_run(now);
}

// Puts the current entity where it belongs now and makes the best one current. (An idle entity is always held.)
SchedEntity& Scheduler::replace_current(RunQueue& queue, Nanoseconds now) {
    SchedEntity& old = *queue.current_;
    uint32_t hold = old.hold_.load(std::memory_order_seq_cst);
    bool requeue = hold == 0 && queue.may_run(old);
    if (hold == 0 && !requeue) old.unplaced_.store(true, std::memory_order_seq_cst);
    old.lag_ = static_cast<int64_t>(old.virtual_time_ - queue.clock_);
    RunQueue::set_runstate(old, RunQueue::idle_runstate(hold), now);
    old.running_.store(false, std::memory_order_seq_cst);
    if (requeue && !queue.yielding_) queue.insert(old);
    SchedEntity* next = queue.take_first(now);
    if (requeue && queue.yielding_) {
        queue.insert(old); // behind the one it gives way to, whatever its claim
        if (!next) next = queue.take_first(now);
    }
    queue.current_ = next ? next : &queue.idle_;
    queue.slice_end_ = 0;
    queue.current_->running_.store(true, std::memory_order_seq_cst);
    RunQueue::set_runstate(*queue.current_, RUNSTATE_running, now);
    return *queue.current_;
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
        if (resident && resident->must_be_saved()) {
            decision.save = resident;
            queue.resident_ = nullptr;
        }
    } else if (resident != &next) {
        decision.save = resident;
        decision.load = &next;
        queue.resident_ = &next;
        next.on_cpu_.store(true, std::memory_order_relaxed);
    }
    if (cpu_count_ > 1) {
        if (next.is_idle())
            idle_.add(queue.cpu());
        else if (idle_.contains(queue.cpu()))
            idle_.remove(queue.cpu());
        if (SchedEntity* waits = queue.waiting_.first()) {
            std::atomic_thread_fence(std::memory_order_seq_cst); // as in enqueue_and_kick
            if (!idle_.is_empty()) kick_idle_for(*waits);
        }
    }
    return decision;
}

} // namespace skerry
