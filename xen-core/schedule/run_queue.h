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

    static void set_runstate(SchedEntity& entity, int state, Nanoseconds now) {
        vcpu_runstate_info& info = entity.runstate_;
        if (info.state == state) return;
        if (now > info.state_entry_time) {
            info.time[info.state] += now - info.state_entry_time;
            info.state_entry_time = now;
        }
        info.state = state;
    }
    static int idle_runstate(uint32_t hold) {
        return hold & SchedEntity::hold_blocked ? RUNSTATE_blocked : hold ? RUNSTATE_offline : RUNSTATE_runnable;
    }

    bool is_idle() const { return current_ == &idle_ && waiting_.is_empty(); }
    bool may_run(const SchedEntity& entity) const { return entity.hard_.contains(cpu()); }
    // In order of virtual time, after its equals.
    void insert(SchedEntity& entity) {
        // Those that come back from running belong near the end.
        SchedEntity* behind = nullptr;
        for (SchedEntity* item = waiting_.last(); item && item->virtual_time_ > entity.virtual_time_;
             item = waiting_.before(*item))
            behind = item;
        if (behind)
            waiting_.insert_before_item(*behind, entity);
        else
            waiting_.push_back(entity);
    }
    // The same for one that comes from elsewhere or from sleep: its virtual time is first brought into this queue's
    // range, at most `credit` before the queue's clock, and after it by no more than it was ahead where it comes from.
    void enter(SchedEntity& entity, Nanoseconds credit) {
        Nanoseconds& time = entity.virtual_time_;
        if (is_idle()) {
            clock_ = time; // nobody here to be fair to: the newcomer's scale becomes this queue's
        } else {
            Nanoseconds earliest = clock_ > credit ? clock_ - credit : 0;
            Nanoseconds latest = clock_ + static_cast<Nanoseconds>(std::max<int64_t>(entity.lag_, 0));
            time = std::clamp(time, earliest, latest);
        }
        insert(entity);
        publish();
    }
    // Out of the waiting or the parked list.
    void leave(SchedEntity& entity) {
        entity.lag_ = static_cast<int64_t>(entity.virtual_time_ - clock_);
        waiting_.remove(entity); // or parked_
        publish();
    }
    // The first waiting entity that its group's cap lets run; those that it does not are parked. Null: none.
    SchedEntity* take_first(Nanoseconds now) {
        while (SchedEntity* entity = waiting_.pop_front()) {
            if (entity->group_->may_run(now)) return entity;
            park(*entity, now);
        }
        return nullptr;
    }
    // Its claim passes as if it ran: what a cap forbids is not made up for later.
    void park(SchedEntity& entity, Nanoseconds now) {
        unpark_at_ = SchedGroup::next_refill(now);
        entity.virtual_time_ += unpark_at_ - now;
        entity.lag_ = static_cast<int64_t>(entity.virtual_time_ - clock_);
        parked_.push_back(entity);
    }
    void unpark_due(Nanoseconds now) {
        if (LIKELY(now < unpark_at_)) return;
        unpark_at_ = never;
        advance_clock(now);
        while (SchedEntity* entity = parked_.pop_front()) enter(*entity, 0);
    }
    // Books the time the current entity has run.
    void charge(Nanoseconds now) {
        if (now <= charged_until_) return;
        Nanoseconds ran = now - charged_until_;
        charged_until_ = now;
        if (current_->is_idle()) return;
        current_->virtual_time_ += current_->group_->virtual_time(ran);
        // What ran before a cap was set is not owed.
        if (UNLIKELY(current_->group_->cap() != 0)) current_->group_->spend(std::min(ran, policy::slice));
    }
    void advance_clock(Nanoseconds now) {
        Nanoseconds least = std::min(head(), current_->is_idle() ? never : current_virtual_time(now));
        if (least != never && least > clock_) clock_ = least;
    }
    Nanoseconds head() {
        SchedEntity* first = waiting_.first();
        return first ? first->virtual_time_ : never;
    }
    void publish() { published_head_.store(head(), std::memory_order_relaxed); }
    Nanoseconds current_virtual_time(Nanoseconds now) const {
        Nanoseconds ran = now > charged_until_ ? now - charged_until_ : 0;
        return current_->virtual_time_ + current_->group_->virtual_time(ran);
    }
    Nanoseconds slice_end_for(SchedEntity& entity, Nanoseconds now, bool alone_on_machine) {
        if (entity.is_idle()) return unpark_at_;
        Nanoseconds end = unpark_at_;
        if (!waiting_.is_empty()) {
            Nanoseconds scaled = policy::slice * entity.group_->weight() / SchedGroup::default_weight;
            end = std::min(end, now + std::clamp(scaled, policy::min_slice, policy::slice));
        } else if (!alone_on_machine) {
            end = std::min(end, now + policy::balance_interval);
        }
        if (entity.group_->cap() != 0)
            end = std::min(end, now + std::clamp<int64_t>(entity.group_->budget(now), 1, policy::slice));
        return end;
    }

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
