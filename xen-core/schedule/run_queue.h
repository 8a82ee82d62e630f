// SPDX-License-Identifier: MIT
// One CPU's run queue: the entities that wait for it in order of virtual time, the one it runs, and those whose group
// has used up its cap. Internal to the scheduler. Everything here is guarded by lock_ except the published copies,
// which are hints.
#pragma once

#include "schedule/sched_entity.h"

namespace skerry {

class alignas(64) RunQueue : NonCopyable {
  public:
    using Waiting = List<SchedEntity, RunQueueTag>;

    CpuId cpu() const { return CpuId(cpu_); }

  private:
    friend class Scheduler;

    // In order of virtual time, after its equals. `entering` from elsewhere: its virtual time is first brought into
    // this queue's range.
    void insert(SchedEntity& entity);
    void enter(SchedEntity& entity, int64_t credit_limit);
    void leave(SchedEntity& entity);
    void park(SchedEntity& entity, Nanoseconds until);
    void unpark(Nanoseconds now);
    void charge(Nanoseconds now);
    void end_run(Nanoseconds now);
    void publish();
    void advance_clock();
    Nanoseconds current_virtual_time(Nanoseconds now) const;
    static void set_runstate(SchedEntity& entity, int state, Nanoseconds now);

    Lock<LockRank::run_queue> lock_;
    SchedEntity* current_ = nullptr;  // what runs, perhaps idle_
    SchedEntity* resident_ = nullptr; // whose state the registers hold
    Nanoseconds charged_until_ = 0;   // current_ has paid up to here
    Nanoseconds slice_end_ = 0;
    Nanoseconds granted_ = 0; // budget taken from a capped group for this run
    Nanoseconds clock_ = 0;   // the least virtual time here: where newcomers enter
    Nanoseconds unpark_at_ = 0;
    bool preempt_ = false; // an entity with a better claim woke
    bool yielding_ = false;
    uint32_t cpu_ = 0;
    uint32_t waiting_count_ = 0;
    Waiting waiting_;
    Waiting parked_;
    // What other CPUs may read without the lock.
    std::atomic<Nanoseconds> published_head_{~Nanoseconds{0}}; // least waiting virtual time; all ones: nobody waits
    SchedEntity idle_;
};

} // namespace skerry
