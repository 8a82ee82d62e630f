// SPDX-License-Identifier: MIT
// The scheduler: which vCPU runs where, and for how long. It decides; traps/ does the switch.
//
// Policy. Each CPU has a run queue ordered by virtual time (CPU time had, divided by weight); the least goes first, for
// a slice. A CPU that goes idle steals; a busy one takes over another's waiting entity when that one is further behind
// than its own best, so shares hold across CPUs (three equal vCPUs on two CPUs get two thirds each). An entity that
// wakes keeps a small, bounded credit for having slept, and preempts at once when its claim is better by a margin; each
// such preemption costs it a fixed price, which bounds how often it can do so. A lone runnable vCPU on a one-CPU
// machine has no slice: no timer interrupts it.
//
// Who may call. choose_next, state_saved, block, yield: the CPU concerned, with no run-queue lock held. Everything
// else: any CPU. Interrupts are off. Locks: LockRank::run_queue (two: by CPU number, which is address order), then
// sched_group.
//
// The switch, on the exit path, when PendingWork::reschedule is raised:
//     Decision d = scheduler.choose_next(this_cpu(), now());
//     if (d.save) { save d.save's registers, FPU, ...; scheduler.state_saved(*d.save); }
//     if (d.load) { load d.load's; move its timers here }
//     timers: set_slice_end(d.slice_end)
//     if (d.next is idle) idle loop: sti; hlt; until work is pending    else leave to d.next
// When nothing changes save and load are null. A CPU that goes idle keeps the registers of the vCPU it ran (save ==
// null), and gets load == null if that vCPU is the next to run; it is told to save when somebody needs the state
// (pause, affinity).
#pragma once

#include "base/log.h"
#include "schedule/run_queue.h"

#include <new>

namespace skerry {

struct Decision {
    SchedEntity* next;     // what this CPU runs now: never null, perhaps its idle entity
    SchedEntity* save;     // its state must be saved now, then state_saved called; or null
    SchedEntity* load;     // its state must be loaded (== next), or null: the registers already hold it, or idle
    Nanoseconds slice_end; // when choose_next wants to be called again at the latest; `never`: no need
};

// How the scheduler reaches the machine. Injected so that it runs on the host under a fake clock.
struct SchedulerHooks {
    Nanoseconds (*now)();
    void (*kick)(CpuId); // make that CPU (perhaps this one) call choose_next soon: raise_work(cpu, reschedule)
};

class Scheduler : NonCopyable {
  public:
    constexpr Scheduler() {}
    // Once, before any CPU schedules. cpu_count: 1..max_cpus.
    void start(unsigned cpu_count, const SchedulerHooks& hooks) {
        ASSERT(cpu_count >= 1 && cpu_count <= max_cpus);
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
    // one at a time, before the first entity is admitted
    void cpu_online(CpuId cpu) {
        ASSERT(cpu.value < cpu_count_);
        online_.add(cpu);
    }
    SchedEntity& idle(CpuId cpu) { return queues_[cpu.value].idle_; }
    bool is_online(CpuId cpu) const { return cpu.value < cpu_count_ && online_.contains(cpu); }

    // --- the life of an entity: it starts down (offline), at `home` (must be online).
    void admit(SchedEntity& entity, SchedGroup& group, CpuId home) {
        ASSERT(is_online(home));
        entity.group_ = &group;
        entity.home_.store(home.value, std::memory_order_relaxed);
        entity.runstate_.state = RUNSTATE_offline;
        entity.runstate_.state_entry_time = hooks_.now();
    }
    // Takes it out for good. It must be paused or down, and not on a CPU.
    void retire(SchedEntity& entity) {
        settle(entity);
        ASSERT(entity.hold_.load() != 0 && !entity.is_linked() && !entity.is_running() && !entity.is_on_cpu());
    }

    // --- the running vCPU about itself. Both take effect at the choose_next that their kick of this CPU causes.
    // Blocks unless `pending()` is true: false means not blocked. The predicate is evaluated after the entity is marked
    // as blocked with a full barrier between; a waker makes its condition true (an atomic read-modify-write), then
    // calls wake(): one of the two sees the other. So a wake-up cannot be lost.
    template <typename Pending> [[nodiscard]] bool block(SchedEntity& self, Pending&& pending) {
        self.hold_.fetch_or(SchedEntity::hold_blocked, std::memory_order_seq_cst);
        if (pending()) {
            self.hold_.fetch_and(~SchedEntity::hold_blocked, std::memory_order_seq_cst);
            return false;
        }
        hooks_.kick(self.home());
        return true;
    }
    // Lets the best waiting entity run once, whatever the claims.
    void yield(SchedEntity& self) {
        RunQueue& queue = queues_[self.home().value];
        queue.yielding_ = true; // read by this CPU only
        hooks_.kick(queue.cpu());
    }

    // --- from any CPU
    // True if it was blocked: it is runnable now, and the CPU that should run it has been kicked. False: it was not
    // blocked, nothing done (if it is_running() on another CPU, the caller may want to interrupt that CPU for the
    // upcall).
    bool wake(SchedEntity& entity) {
        if (LIKELY(!entity.is_blocked())) return false;
        return let_go(entity, SchedEntity::hold_blocked);
    }
    // VCPUOP_up/down. Each returns false if it was so already.
    bool bring_up(SchedEntity& entity) { return let_go(entity, SchedEntity::hold_down); }
    bool take_down(SchedEntity& entity) {
        uint32_t before = entity.hold_.fetch_or(SchedEntity::hold_down, std::memory_order_seq_cst);
        settle(entity);
        return !(before & SchedEntity::hold_down);
    }
    // Counted. After pause() the entity stops soon; its state is in memory when !is_on_cpu(). Never spin for that while
    // another CPU could be waiting for you: return Error::restart and look again, or pause yourself last.
    void pause(SchedEntity& entity) {
        entity.hold_.fetch_add(SchedEntity::hold_pause_unit, std::memory_order_seq_cst);
        settle(entity);
    }
    void unpause(SchedEntity& entity) {
        uint32_t before = entity.hold_.fetch_sub(SchedEntity::hold_pause_unit, std::memory_order_seq_cst);
        ASSERT(before >= SchedEntity::hold_pause_unit);
        settle(entity);
    }
    // Error::invalid if `hard` names no online CPU. A running entity leaves a forbidden CPU at once.
    Status set_affinity(SchedEntity& entity, const Affinity& hard, const Affinity& soft);
    Affinity hard_affinity(SchedEntity& entity) { return affinity(entity, &SchedEntity::hard_); }
    Affinity soft_affinity(SchedEntity& entity) { return affinity(entity, &SchedEntity::soft_); }
    // Its group's weight or cap has changed: takes effect now rather than at the end of a turn.
    void reconsider(SchedEntity& entity) {
        if (entity.is_running()) hooks_.kick(entity.home());
    }
    // Times up to now; state_entry_time as the ABI says.
    vcpu_runstate_info runstate(SchedEntity& entity) {
        RunQueue& home = lock_home(entity);
        vcpu_runstate_info info = entity.runstate_;
        home.lock_.release();
        Nanoseconds now = hooks_.now();
        if (now > info.state_entry_time) info.time[info.state] += now - info.state_entry_time;
        return info;
    }

    // --- the exit path (see the top)
    Decision choose_next(CpuId cpu, Nanoseconds now);
    void state_saved(SchedEntity& entity) {
        entity.on_cpu_.store(false, std::memory_order_seq_cst);
        if (UNLIKELY(cpu_count_ > 1)) offer_elsewhere(entity);
    }

    // Time CPU `cpu` has spent idle (sysctl getcpuinfo).
    Nanoseconds idle_time(CpuId cpu) {
        return cpu.value < cpu_count_ ? runstate(queues_[cpu.value].idle_).time[RUNSTATE_running] : 0;
    }

  private:
    // entities
    // True if that held it.
    bool let_go(SchedEntity& entity, uint32_t hold) {
        uint32_t before = entity.hold_.fetch_and(~hold, std::memory_order_seq_cst);
        settle(entity);
        return before & hold;
    }
    // Makes the queues agree with entity.hold_, whoever changed it last. Idempotent.
    void settle(SchedEntity& entity) {
        RunQueue& home = lock_home(entity);
        uint32_t hold = entity.hold_.load(std::memory_order_seq_cst);
        bool is_current = home.current_ == &entity, is_linked = entity.is_linked();
        if (hold != 0 && !is_current) {
            if (is_linked) home.leave(entity);
            RunQueue::set_runstate(entity, RunQueue::idle_runstate(hold), hooks_.now());
        }
        bool must_leave = hold != 0 && (is_current || (home.resident_ == &entity && entity.must_be_saved()));
        home.lock_.release();
        if (must_leave)
            hooks_.kick(home.cpu());
        else if (hold == 0 && !is_current && !is_linked)
            place(entity);
    }
    RunQueue& lock_home(SchedEntity& entity) {
        for (;;) {
            RunQueue& queue = queues_[entity.home().value];
            queue.lock_.acquire();
            if (LIKELY(entity.home() == queue.cpu())) return queue;
            queue.lock_.release();
        }
    }
    Affinity affinity(SchedEntity& entity, Affinity SchedEntity::*which) {
        RunQueue& home = lock_home(entity);
        Affinity set = entity.*which;
        home.lock_.release();
        return set;
    }

    // what runs next
    // On the only CPU: nobody else wants it, nothing limits the current entity. (Its time is booked when somebody does.)
    bool is_alone(const RunQueue& queue) const {
        const SchedEntity& current = *queue.current_;
        return queue.waiting_.is_empty() && queue.unpark_at_ == never && queue.resident_ == &current &&
               current.hold_.load(std::memory_order_relaxed) == 0 && current.group_->cap() == 0;
    }
    bool stays(RunQueue& queue, Nanoseconds now);
    SchedEntity& replace_current(RunQueue& queue, Nanoseconds now);
    Decision decide(RunQueue& queue, SchedEntity& next, Nanoseconds now);

    // where an entity goes (placement.cpp)
    enum class Placed { retry, at_target, elsewhere };
    void place(SchedEntity& entity);
    Placed try_to_place(SchedEntity& entity, RunQueue& home, RunQueue& target);
    void enqueue_and_kick(RunQueue& queue, SchedEntity& entity);
    CpuId select_cpu(SchedEntity& entity);
    // An entity has left the registers of its CPU.
    void offer_elsewhere(SchedEntity& entity) {
        if (entity.unplaced_.load(std::memory_order_seq_cst))
            place(entity);
        else if (!idle_.is_empty() && entity.hold_.load(std::memory_order_relaxed) == 0 && !entity.is_running())
            kick_idle_for(entity);
    }
    void balance(RunQueue& queue, Nanoseconds now);
    bool try_steal(RunQueue& thief, RunQueue& victim, Nanoseconds behind);
    Result<CpuId> claim_idle(const Affinity& hard, const Affinity& soft, CpuId near);
    // Gets an idle CPU to look for work, if there is one that could take this entity.
    void kick_idle_for(SchedEntity& entity) {
        Result<CpuId> idle = claim_idle(entity.hard_ & online_, entity.soft_, entity.home());
        if (idle.ok()) hooks_.kick(idle.value());
    }

    SchedulerHooks hooks_{};
    unsigned cpu_count_ = 0;
    CpuSet online_;
    CpuSet idle_; // found nothing to do; who takes one out of the set kicks it
    union {       // constructed by start(), so that the image does not carry them
        char nothing_ = 0;
        RunQueue queues_[max_cpus];
    };
};

// The machine's scheduler.
inline constinit Scheduler scheduler;

} // namespace skerry
