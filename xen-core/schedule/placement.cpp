// SPDX-License-Identifier: MIT
// Which CPU an entity waits on: when it becomes runnable, when its affinity changes, and when CPUs have too little or
// too much to do.
#include "schedule/policy.h"
#include "schedule/scheduler.h"

#include <algorithm>
#include <bit>

namespace skerry {

void Scheduler::mark_idle(CpuId cpu, bool idle) {
    if (is_marked_idle(cpu) == idle) return;
    uint64_t bit = uint64_t{1} << (cpu.value % 64);
    auto& word = idle_cpus_[cpu.value / 64];
    uint64_t before =
        idle ? word.fetch_or(bit, std::memory_order_seq_cst) : word.fetch_and(~bit, std::memory_order_seq_cst);
    if (bool(before & bit) != idle) idle_count_.fetch_add(idle ? 1 : -1, std::memory_order_seq_cst);
}

// Takes an idle CPU for oneself: of several that want it, one gets it. It must be kicked then.
bool Scheduler::claim_idle(CpuId cpu) {
    uint64_t bit = uint64_t{1} << (cpu.value % 64);
    if (!(idle_cpus_[cpu.value / 64].fetch_and(~bit, std::memory_order_seq_cst) & bit)) return false;
    idle_count_.fetch_sub(1, std::memory_order_seq_cst);
    return true;
}

bool Scheduler::find_idle(const Affinity& among, CpuId near, CpuId& found) {
    if (among.contains(near) && is_marked_idle(near) && claim_idle(near)) {
        found = near;
        return true;
    }
    for (unsigned i = 0; i < Affinity::words; ++i) {
        unsigned index = (near.value / 64 + i) % Affinity::words;
        uint64_t candidates = idle_cpus_[index].load(std::memory_order_seq_cst) & among.word(index);
        while (candidates) {
            CpuId cpu(index * 64 + static_cast<unsigned>(std::countr_zero(candidates)));
            if (claim_idle(cpu)) {
                found = cpu;
                return true;
            }
            candidates &= candidates - 1;
        }
    }
    return false;
}

// Where a runnable entity should wait. A hint: its affinity may change meanwhile, so the caller looks again under the
// locks.
CpuId Scheduler::select_cpu(SchedEntity& entity) {
    CpuId home = entity.home();
    if (cpu_count_ == 1) return home;
    RunQueue& queue = lock_home(entity);
    Affinity hard = entity.hard_ & online_;
    Affinity preferred = hard & entity.soft_;
    home = queue.cpu();
    queue.lock_.release();

    CpuId found = home;
    if (any_idle() && (find_idle(preferred, home, found) || find_idle(hard, home, found))) return found;
    if (preferred.contains(home) || (preferred.is_empty() && hard.contains(home))) return home;
    const Affinity& among = preferred.is_empty() ? hard : preferred;
    for (unsigned i = 0; i < cpu_count_; ++i) {
        CpuId cpu((home.value + i) % cpu_count_);
        if (among.contains(cpu)) return cpu;
    }
    return home;
}

// Queues an entity that may run and is neither queued nor current.
void Scheduler::place(SchedEntity& entity) {
    for (;;) {
        CpuId target = select_cpu(entity);
        RunQueue& home = lock_home(entity);
        bool loaded = entity.on_cpu_.load(std::memory_order_seq_cst);
        bool better = entity.soft_.contains(target) && !entity.soft_.contains(home.cpu());
        bool at_home = target == home.cpu() || (loaded && home.may_run(entity) && !better);
        if (target != home.cpu() && (at_home || loaded))
            hooks_.kick(target); // perhaps claimed, for nothing: it marks itself idle again
        if (at_home) {
            if (place_at_home(home, entity)) return;
            continue;
        }
        if (loaded) {
            // Its state is still in the registers of a CPU that should not run it: placed by state_saved.
            entity.unplaced_.store(true, std::memory_order_seq_cst);
            bool saved_meanwhile = !entity.on_cpu_.load(std::memory_order_seq_cst);
            home.lock_.release();
            hooks_.kick(home.cpu());
            if (!saved_meanwhile) return;
            continue;
        }
        home.lock_.release();
        if (move_and_enqueue(home, queues_[target.value], entity)) return;
    }
}

// With the home's lock held, which it releases. False: try again.
bool Scheduler::place_at_home(RunQueue& home, SchedEntity& entity) {
    bool wanted = entity.hold_.load(std::memory_order_seq_cst) == 0 && home.current_ != &entity && !entity.is_linked();
    if (wanted && !home.may_run(entity)) {
        home.lock_.release();
        return false;
    }
    if (wanted)
        enqueue_and_kick(home, entity);
    else if (cpu_count_ > 1)
        hooks_.kick(home.cpu()); // it may have been claimed as idle
    home.lock_.release();
    return true;
}

bool Scheduler::move_and_enqueue(RunQueue& home, RunQueue& target, SchedEntity& entity) {
    HoldingBoth both(home.lock_, target.lock_);
    if (entity.home() != home.cpu()) return false;
    if (entity.hold_.load(std::memory_order_seq_cst) != 0 || home.current_ == &entity || entity.is_linked()) {
        hooks_.kick(target.cpu());
        return true; // somebody else settled it
    }
    if (entity.on_cpu_.load(std::memory_order_acquire) || !target.may_run(entity)) return false;
    entity.home_.store(target.cpu_, std::memory_order_relaxed);
    enqueue_and_kick(target, entity);
    return true;
}

// Under the queue's lock. Kicks the CPU if it should reconsider what it runs, or for how long.
void Scheduler::enqueue_and_kick(RunQueue& queue, SchedEntity& entity) {
    Nanoseconds now = hooks_.now();
    queue.advance_clock(now);
    entity.unplaced_.store(false, std::memory_order_seq_cst);
    RunQueue::set_runstate(entity, RUNSTATE_runnable, now);
    queue.enter(entity, policy::sleeper_credit);
    queue.publish();
    SchedEntity& current = *queue.current_;
    if (current.is_idle()) {
        if (is_marked_idle(queue.cpu())) claim_idle(queue.cpu());
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
        if (any_idle()) kick_idle_for(entity);
    }
}

// An entity has left the registers of its CPU.
void Scheduler::offer_elsewhere(SchedEntity& entity) {
    if (entity.unplaced_.load(std::memory_order_seq_cst))
        place(entity);
    else if (any_idle() && entity.hold_.load(std::memory_order_relaxed) == 0 && !entity.is_running())
        kick_idle_for(entity);
}

// Gets an idle CPU to look for work, if there is one that could take this entity.
void Scheduler::kick_idle_for(SchedEntity& entity) {
    CpuId found{};
    Affinity hard = entity.hard_ & online_;
    if (find_idle(hard & entity.soft_, entity.home(), found) || find_idle(hard, entity.home(), found))
        hooks_.kick(found);
}

// Takes over waiting work from another CPU: any, if this one has nothing to do; else what is further behind than its
// own.
void Scheduler::balance(RunQueue& queue, Nanoseconds now) {
    const unsigned cpus = cpu_count_;
    if (cpus < 2) return;
    SchedEntity& current = *queue.current_; // changed by this CPU only
    bool runs = !current.is_idle() && current.hold_.load(std::memory_order_relaxed) == 0;
    Nanoseconds best = queue.published_head_.load(std::memory_order_relaxed);
    if (runs) {
        if (now < queue.slice_end_) return;
        best = std::min(best, queue.current_virtual_time(now));
    }
    bool idle = best == never;
    if (idle) mark_idle(queue.cpu(), true); // before looking: who queues after this sees us
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
        victim.publish();
        thief.advance_clock(hooks_.now());
        entity->home_.store(thief.cpu_, std::memory_order_relaxed);
        thief.enter(*entity, policy::max_divergence);
        thief.publish();
        return true;
    }
    return false;
}

} // namespace skerry
