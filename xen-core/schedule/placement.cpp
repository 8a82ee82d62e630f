// SPDX-License-Identifier: MIT
// Which CPU an entity waits on: when it becomes runnable, when its affinity changes, and when CPUs have too little or
// too much to do.
#include "schedule/scheduler.h"

#include <bit>

namespace skerry {

// Claims an idle CPU of `hard`: rather one of `soft`, rather `near`. Of several that want it, one gets it, and must
// kick it then. Errors: not_found.
Result<CpuId> Scheduler::claim_idle(const Affinity& hard, const Affinity& soft, CpuId near) {
    for (const CpuSet& among : {hard & soft, hard}) {
        if (among.contains(near) && idle_.contains(near) && idle_.remove(near)) return near;
        for (unsigned i = 0; i < CpuSet::words; ++i) {
            unsigned index = (near.value / 64 + i) % CpuSet::words;
            uint64_t candidates = idle_.word(index) & among.word(index);
            for (; candidates; candidates &= candidates - 1) {
                CpuId cpu(index * 64 + static_cast<unsigned>(std::countr_zero(candidates)));
                if (idle_.remove(cpu)) return cpu;
            }
        }
    }
    return Error::not_found;
}

// Where a runnable entity should wait. A hint: its affinity may change meanwhile, so the caller looks again under the
// locks.
CpuId Scheduler::select_cpu(SchedEntity& entity) {
    RunQueue& queue = lock_home(entity);
    Affinity hard = entity.hard_ & online_;
    Affinity soft = entity.soft_;
    CpuId home = queue.cpu();
    queue.lock_.release();

    if (!idle_.is_empty()) {
        Result<CpuId> idle = claim_idle(hard, soft, home);
        if (idle.ok()) return idle.value();
    }
    Affinity preferred = hard & soft;
    const Affinity& among = preferred.is_empty() ? hard : preferred;
    CpuId cpu = home;
    while (!among.contains(cpu)) cpu = CpuId((cpu.value + 1) % cpu_count_); // some CPU of `hard` is online
    return cpu;
}

// Queues an entity that may run and is neither queued nor current.
void Scheduler::place(SchedEntity& entity) {
    for (;;) {
        RunQueue& home = queues_[entity.home().value];
        RunQueue& target = cpu_count_ == 1 ? home : queues_[select_cpu(entity).value];
        Placed placed = try_to_place(entity, home, target);
        if (placed == Placed::at_target) return;
        if (cpu_count_ > 1) hooks_.kick(target.cpu()); // perhaps claimed, for nothing: it marks itself idle again
        if (placed == Placed::elsewhere) return;
    }
}

Scheduler::Placed Scheduler::try_to_place(SchedEntity& entity, RunQueue& home, RunQueue& target) {
    HoldingBoth both(home.lock_, target.lock_);
    if (entity.home() != home.cpu()) return Placed::retry;
    if (entity.hold_.load(std::memory_order_seq_cst) != 0 || home.current_ == &entity || entity.is_linked())
        return Placed::elsewhere; // somebody else settled it
    RunQueue* queue = &target;
    if (&home != &target && entity.on_cpu_.load(std::memory_order_seq_cst)) {
        // Its state is still in the registers of its home CPU. It waits there, or is placed by state_saved.
        bool better = entity.soft_.contains(target.cpu()) && !entity.soft_.contains(home.cpu());
        queue = &home;
        if (!home.may_run(entity) || better) {
            entity.unplaced_.store(true, std::memory_order_seq_cst);
            hooks_.kick(home.cpu());
            bool saved_meanwhile = !entity.on_cpu_.load(std::memory_order_seq_cst);
            return saved_meanwhile ? Placed::retry : Placed::elsewhere;
        }
    }
    if (!queue->may_run(entity)) return Placed::retry;
    entity.home_.store(queue->cpu_, std::memory_order_relaxed);
    enqueue_and_kick(*queue, entity);
    return queue == &target ? Placed::at_target : Placed::elsewhere;
}

// Under the queue's lock. Kicks the CPU if it should reconsider what it runs, or for how long.
void Scheduler::enqueue_and_kick(RunQueue& queue, SchedEntity& entity) {
    Nanoseconds now = hooks_.now();
    queue.advance_clock(now);
    entity.unplaced_.store(false, std::memory_order_seq_cst);
    RunQueue::set_runstate(entity, RUNSTATE_runnable, now);
    queue.enter(entity, policy::sleeper_credit);
    if (queue.current_->is_idle()) {
        if (idle_.contains(queue.cpu())) idle_.remove(queue.cpu());
        hooks_.kick(queue.cpu());
        return;
    }
    if (entity.virtual_time_ + policy::preempt_margin < queue.current_virtual_time(now)) {
        // Still the least of all, or nearly: its place in the queue need not change for so little.
        entity.virtual_time_ += policy::preempt_price;
        queue.preempt_ = true;
        hooks_.kick(queue.cpu());
    } else if (queue.slice_end_ > now + policy::slice) {
        hooks_.kick(queue.cpu()); // it ran without a rival: its turn ends sooner now
    }
    if (cpu_count_ > 1) {
        std::atomic_thread_fence(std::memory_order_seq_cst); // either a CPU going idle sees it, or it is seen idle
        if (!idle_.is_empty()) kick_idle_for(entity);
    }
}

// Takes over waiting work from another CPU: any, if this one has nothing to do; else what is further behind than its
// own.
void Scheduler::balance(RunQueue& queue, Nanoseconds now) {
    const unsigned cpus = cpu_count_;
    SchedEntity& current = *queue.current_; // changed by this CPU only
    bool runs = !current.is_idle() && current.hold_.load(std::memory_order_relaxed) == 0;
    Nanoseconds best = queue.published_head_.load(std::memory_order_relaxed);
    if (runs) {
        if (now < queue.slice_end_) return;
        best = std::min(best, queue.current_virtual_time(now));
    }
    bool idle = best == never;
    if (idle) idle_.add(queue.cpu()); // before looking: who queues after this sees us
    Nanoseconds furthest_ahead = 0;
    unsigned peers = idle ? cpus : std::min(cpus, policy::peers_per_turn);
    for (unsigned i = 0; i < peers; ++i) {
        RunQueue& peer = queues_[(queue.next_peer_ + i) % cpus];
        Nanoseconds head = peer.published_head_.load(std::memory_order_seq_cst);
        if (&peer == &queue || head == never) continue;
        if (idle || head + policy::takeover_margin < best) {
            queue.next_peer_ = peer.cpu_;
            if (try_steal(queue, peer, idle ? never : best - policy::takeover_margin)) return;
        }
        furthest_ahead = std::max(furthest_ahead, head);
    }
    queue.next_peer_ = (queue.next_peer_ + peers) % cpus;
    if (runs && furthest_ahead > best + policy::max_divergence) {
        Holding held(queue.lock_);
        current.virtual_time_ = std::max(current.virtual_time_, furthest_ahead - policy::max_divergence);
    }
}

bool Scheduler::try_steal(RunQueue& thief, RunQueue& victim, Nanoseconds behind) {
    HoldingBoth both(thief.lock_, victim.lock_);
    unsigned looked_at = 0;
    for (SchedEntity* entity = victim.waiting_.first(); entity; entity = victim.waiting_.after(*entity)) {
        if (entity->virtual_time_ >= behind || ++looked_at > policy::entities_per_peer) return false;
        if (entity->on_cpu_.load(std::memory_order_acquire) || !thief.may_run(*entity)) continue;
        if (behind != never && !entity->soft_.contains(thief.cpu())) continue;
        victim.leave(*entity);
        thief.advance_clock(hooks_.now());
        entity->home_.store(thief.cpu_, std::memory_order_relaxed);
        thief.enter(*entity, policy::max_divergence);
        return true;
    }
    return false;
}

} // namespace skerry
