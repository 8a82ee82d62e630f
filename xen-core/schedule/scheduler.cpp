// SPDX-License-Identifier: MIT
// The life of an entity: what holds it back, and what others see of it.
#include "schedule/scheduler.h"

#include "base/log.h"

#include <new>

namespace skerry {

constinit Scheduler scheduler;

void Scheduler::start(unsigned cpu_count, const SchedulerHooks& hooks) {
    ASSERT(cpu_count >= 1 && cpu_count <= schedule_max_cpus);
    hooks_ = hooks;
    cpu_count_ = cpu_count;
    for (unsigned i = 0; i < cpu_count; ++i) {
        RunQueue& queue = *new (&queues_[i]) RunQueue;
        queue.cpu_ = i;
        queue.current_ = &queue.idle_;
        queue.idle_.home_.store(i, std::memory_order_relaxed);
        queue.idle_.runstate_.state = RUNSTATE_running;
        queue.idle_.runstate_.state_entry_time = hooks.now();
    }
}

void Scheduler::cpu_online(CpuId cpu) {
    ASSERT(cpu.value < cpu_count_);
    online_.add(cpu);
}

void Scheduler::admit(SchedEntity& entity, SchedGroup& group, CpuId home) {
    ASSERT(is_online(home));
    entity.group_ = &group;
    entity.home_.store(home.value, std::memory_order_relaxed);
    entity.runstate_.state = RUNSTATE_offline;
    entity.runstate_.state_entry_time = hooks_.now();
}

void Scheduler::retire(SchedEntity& entity) {
    RunQueue& home = lock_home(entity);
    ASSERT(entity.hold_.load() != 0 && home.current_ != &entity && !entity.is_on_cpu());
    if (entity.is_linked()) {
        home.leave(entity);
        home.publish();
    }
    home.lock_.release();
}

RunQueue& Scheduler::lock_home(SchedEntity& entity) {
    for (;;) {
        RunQueue& queue = queues_[entity.home().value];
        queue.lock_.acquire();
        if (entity.home() == queue.cpu()) [[likely]]
            return queue;
        queue.lock_.release();
    }
}

void Scheduler::yield(SchedEntity& self) {
    RunQueue& queue = queues_[self.home().value];
    queue.yielding_ = true; // read by this CPU only
    hooks_.kick(queue.cpu());
}

bool Scheduler::wake_blocked(SchedEntity& entity) {
    uint32_t before = entity.hold_.fetch_and(~SchedEntity::hold_blocked, std::memory_order_seq_cst);
    if (!(before & SchedEntity::hold_blocked)) return false;
    settle(entity);
    return true;
}

bool Scheduler::bring_up(SchedEntity& entity) {
    uint32_t before = entity.hold_.fetch_and(~SchedEntity::hold_down, std::memory_order_seq_cst);
    settle(entity);
    return before & SchedEntity::hold_down;
}

bool Scheduler::take_down(SchedEntity& entity) {
    uint32_t before = entity.hold_.fetch_or(SchedEntity::hold_down, std::memory_order_seq_cst);
    settle(entity);
    return !(before & SchedEntity::hold_down);
}

void Scheduler::pause(SchedEntity& entity) {
    entity.hold_.fetch_add(SchedEntity::hold_pause_unit, std::memory_order_seq_cst);
    settle(entity);
}

void Scheduler::unpause(SchedEntity& entity) {
    uint32_t before = entity.hold_.fetch_sub(SchedEntity::hold_pause_unit, std::memory_order_seq_cst);
    ASSERT(before >= SchedEntity::hold_pause_unit);
    settle(entity);
}

// Makes the queues agree with entity.hold_, whoever changed it last. Idempotent.
void Scheduler::settle(SchedEntity& entity) {
    RunQueue& home = lock_home(entity);
    uint32_t hold = entity.hold_.load(std::memory_order_seq_cst);
    bool is_current = home.current_ == &entity;
    if (hold == 0) {
        bool placed = is_current || entity.is_linked();
        home.lock_.release();
        if (!placed) place(entity);
        return;
    }
    if (!is_current) {
        if (entity.is_linked()) {
            home.leave(entity);
            home.publish();
        }
        RunQueue::set_runstate(entity, RunQueue::idle_runstate(hold), hooks_.now());
    }
    // Whoever pauses or takes down may want to see its registers.
    bool evict = !is_current && home.resident_ == &entity && (hold & ~SchedEntity::hold_blocked);
    if (evict || is_current) entity.evict_ = hold & ~SchedEntity::hold_blocked;
    home.lock_.release();
    if (is_current || evict) hooks_.kick(home.cpu());
}

Status Scheduler::set_affinity(SchedEntity& entity, const Affinity& hard, const Affinity& soft) {
    if ((hard & online_).is_empty()) return Error::invalid;
    RunQueue& home = lock_home(entity);
    entity.hard_ = hard;
    entity.soft_ = soft;
    bool must_leave = !home.may_run(entity);
    bool is_here = home.current_ == &entity;
    bool was_linked = must_leave && entity.is_linked();
    if (was_linked) {
        home.leave(entity);
        home.publish();
    }
    home.lock_.release();
    if (was_linked)
        place(entity);
    else if (must_leave && is_here)
        hooks_.kick(home.cpu());
    return success;
}

Affinity Scheduler::hard_affinity(SchedEntity& entity) {
    RunQueue& home = lock_home(entity);
    Affinity set = entity.hard_;
    home.lock_.release();
    return set;
}

Affinity Scheduler::soft_affinity(SchedEntity& entity) {
    RunQueue& home = lock_home(entity);
    Affinity set = entity.soft_;
    home.lock_.release();
    return set;
}

vcpu_runstate_info Scheduler::runstate(SchedEntity& entity) {
    RunQueue& home = lock_home(entity);
    vcpu_runstate_info info = entity.runstate_;
    home.lock_.release();
    Nanoseconds now = hooks_.now();
    if (now > info.state_entry_time) info.time[info.state] += now - info.state_entry_time;
    return info;
}

Nanoseconds Scheduler::idle_time(CpuId cpu) {
    return cpu.value < cpu_count_ ? runstate(queues_[cpu.value].idle_).time[RUNSTATE_running] : 0;
}

} // namespace skerry
