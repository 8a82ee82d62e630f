// SPDX-License-Identifier: MIT
// One CPU's run queue: the entities that wait for it in order of virtual time, the one it runs, and those whose group
// has used up its cap. Internal to the scheduler. Everything here is guarded by lock_ except the published copies,
// which are hints.
#pragma once

#include "schedule/sched_entity.h"

#include <algorithm>

namespace skerry {

// The scheduler's constants. All in nanoseconds; "virtual" ones are CPU time at the default weight.
namespace policy {

// How long an entity runs while others wait; lighter ones run for less, so that their turns do not set them back for
// ages.
inline constexpr Nanoseconds slice = 4'000'000;
inline constexpr Nanoseconds min_slice = 500'000;
// How often a CPU whose entity has no local rival looks for others that wait elsewhere.
inline constexpr Nanoseconds balance_interval = 10'000'000;
// Virtual credit that sleeping earns at most: what lets a mostly idle service preempt.
inline constexpr Nanoseconds sleeper_credit = 3'000'000;
// A woken entity preempts when its claim is better by this much (virtual), and pays the price (virtual) for it.
inline constexpr Nanoseconds preempt_margin = 250'000;
inline constexpr Nanoseconds preempt_price = 20'000;
// A waiting entity is taken over by a busy CPU when it is behind that CPU's own best by this much (virtual).
inline constexpr Nanoseconds takeover_margin = 4'000'000;
// Nobody's virtual time stays further than this behind what waits elsewhere: the claims of an entity that could not use
// its share (alone on its CPU, or pinned) do not grow without bound.
inline constexpr Nanoseconds max_divergence = 1'000'000'000;
// How many peers, and how many entities of one, a busy CPU looks at per turn.
inline constexpr unsigned peers_per_turn = 16;
inline constexpr unsigned entities_per_peer = 64;

} // namespace policy

class alignas(64) RunQueue : NonCopyable {
  public:
    using Waiting = List<SchedEntity, RunQueueTag>;

    CpuId cpu() const { return CpuId(cpu_); }

  private:
    friend class Scheduler;

    static void set_runstate(SchedEntity& entity, int state, Nanoseconds now);
    static int idle_runstate(uint32_t hold) {
        return hold & SchedEntity::hold_blocked ? RUNSTATE_blocked : hold ? RUNSTATE_offline : RUNSTATE_runnable;
    }

    bool is_idle() const { return current_ == &idle_ && waiting_.is_empty(); }
    bool may_run(const SchedEntity& entity) const { return entity.hard_.contains(cpu()); }
    // In order of virtual time, after its equals.
    void insert(SchedEntity& entity);
    // The same for one that comes from elsewhere or from sleep: its virtual time is first brought into this queue's
    // range, at most `credit` before the queue's clock, and after it by no more than it was ahead where it comes from.
    void enter(SchedEntity& entity, Nanoseconds credit);
    // Out of the waiting or the parked list.
    void leave(SchedEntity& entity);
    // The first waiting entity that its group's cap lets run; those that it does not are parked. Null: none.
    SchedEntity* take_first(Nanoseconds now);
    void park(SchedEntity& entity, Nanoseconds now);
    void unpark_due(Nanoseconds now);
    // Books the time the current entity has run.
    void charge(Nanoseconds now);
    void advance_clock(Nanoseconds now);
    Nanoseconds head() {
        SchedEntity* first = waiting_.first();
        return first ? first->virtual_time_ : never;
    }
    void publish() { published_head_.store(head(), std::memory_order_relaxed); }
    Nanoseconds current_virtual_time(Nanoseconds now) const;
    Nanoseconds slice_end_for(SchedEntity& entity, Nanoseconds now, bool alone_on_machine);

    Lock<LockRank::run_queue> lock_;
    SchedEntity* current_ = nullptr;  // what runs, perhaps idle_
    SchedEntity* resident_ = nullptr; // whose state the registers hold
    Nanoseconds charged_until_ = 0;   // the current entity has paid up to here
    Nanoseconds slice_end_ = 0;
    Nanoseconds clock_ = 0; // about the least virtual time here: where newcomers enter
    Nanoseconds unpark_at_ = never;
    bool preempt_ = false;  // an entity with a better claim woke
    bool yielding_ = false; // the current entity gives way once
    uint32_t cpu_ = 0;
    uint32_t next_peer_ = 0; // where the search for work to take over goes on
    Waiting waiting_;
    Waiting parked_;
    // What other CPUs may read without the lock: the least waiting virtual time; `never`: nobody waits.
    std::atomic<Nanoseconds> published_head_{never};
    SchedEntity idle_;
};

} // namespace skerry
