// SPDX-License-Identifier: MIT
// What the scheduler knows of one vCPU. Embedded in Vcpu; only Scheduler changes it.
//
// Whether an entity may run is one atomic word, `hold_`: blocked, down, and a pause count. It may run when the word is
// zero. Any CPU changes the word atomically and then has the scheduler settle the entity under the lock of its home
// CPU's run queue, so the last change always wins and no wake-up can be lost.
//
// Invariants (under the home queue's lock):
//  - linked in a run queue  =>  hold_ == 0 or a settle is on its way; it is not the current entity of any CPU;
//  - home() changes only while both queues are locked, and only while the entity is not on a CPU;
//  - is_on_cpu(): some CPU's registers hold its state. Set before it is loaded, cleared after it has been saved; while
//    set, no other CPU may take it.
// ABI: vcpu_runstate_info (RUNSTATE_running, runnable, blocked, offline).
#pragma once

#include "base/cpu_set.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/result.h"

#include <xen/vcpu.h>
#include <xen/xen.h>

namespace skerry {

// What the vCPUs of one domain share in scheduling: a weight and a cap. Embedded in the domain; must outlive its
// entities.
//
// Weight: each vCPU that wants to run gets CPU time in proportion to its group's weight (Xen credit: 1..65535, default
// 256). Cap: the group as a whole may use at most `cap` percent of one CPU (0: no limit; 150: one CPU and a half),
// enforced by a budget refilled each period. Several CPUs may use up the last of it at once; the overrun, less than a
// slice on each, is a debt to the next periods, so that the long-term use of the group does not exceed the cap however
// many vCPUs it has. ABI: xen_domctl_sched_credit {weight, cap}.
class SchedGroup : NonCopyable {
  public:
    static constexpr uint32_t default_weight = 256, min_weight = 1, max_weight = 65535;
    static constexpr Nanoseconds period = 10'000'000;

    // Error::invalid if weight is out of 1..65535 or cap above percent_limit; then nothing changed.
    Status set(uint32_t weight, uint32_t cap) {
        if (weight < min_weight || weight > max_weight || cap > percent_limit) return Error::invalid;
        weight_ = weight;
        inverse_weight_.store(inverse_of(weight), std::memory_order_relaxed);
        cap_.store(cap, std::memory_order_relaxed);
        return success;
    }
    uint32_t weight() const { return weight_; }
    uint32_t cap() const { return cap_.load(std::memory_order_relaxed); }

    // Virtual time that `spent` nanoseconds of CPU cost a vCPU of this group: the same at weight 256, twice at 128.
    Nanoseconds virtual_time(Nanoseconds spent) const {
        return static_cast<Nanoseconds>(
            static_cast<unsigned __int128>(spent) * inverse_weight_.load(std::memory_order_relaxed) >> inverse_shift);
    }

    bool may_run(Nanoseconds now) { return cap() == 0 || budget(now) > 0; }
    // Of a capped group: what it may still use until next_refill(now). None left, or a debt: 0 or less.
    int64_t budget(Nanoseconds now) {
        Holding held(lock_);
        uint64_t current_period = now / period;
        if (current_period > refilled_period_) {
            // A debt is worked off period by period; unused budget does not add up.
            int64_t periods = static_cast<int64_t>(std::min<uint64_t>(current_period - refilled_period_, 1000));
            budget_ = std::min(budget_ + budget_per_period() * periods, budget_per_period());
            refilled_period_ = current_period;
        }
        return budget_;
    }
    void spend(Nanoseconds ran) {
        Holding held(lock_);
        budget_ -= static_cast<int64_t>(ran);
    }
    static Nanoseconds next_refill(Nanoseconds now) { return (now / period + 1) * period; }

  private:
    static constexpr uint32_t percent_limit = 100 * 256;
    static constexpr unsigned inverse_shift = 20;
    static constexpr uint64_t inverse_of(uint32_t weight) {
        return (uint64_t{default_weight} << inverse_shift) / weight;
    }
    int64_t budget_per_period() const { return static_cast<int64_t>(period / 100 * cap()); }

    uint32_t weight_ = default_weight;
    std::atomic<uint32_t> cap_{0};
    std::atomic<uint64_t> inverse_weight_{inverse_of(default_weight)};
    Lock<LockRank::sched_group> lock_; // guards the rest
    int64_t budget_ = 0;
    uint64_t refilled_period_ = 0;
};

// The CPUs on which an entity may (hard) or would rather (soft) run.
using Affinity = CpuSet;

class SchedEntity : public ListNode<struct RunQueueTag> {
  public:
    // The CPU in whose queue it lives (where it runs, if it runs).
    CpuId home() const { return CpuId(home_.load(std::memory_order_relaxed)); }
    // True while a CPU's registers hold its state (running, or left in place by an idle CPU).
    bool is_on_cpu() const { return on_cpu_.load(std::memory_order_acquire); }
    // True while it is what its home CPU runs: an event for it needs that CPU to be interrupted if it is in guest mode.
    bool is_running() const { return running_.load(std::memory_order_seq_cst); }
    bool is_blocked() const { return hold_.load(std::memory_order_seq_cst) & hold_blocked; }
    bool is_down() const { return hold_.load(std::memory_order_relaxed) & hold_down; }
    bool is_paused() const { return hold_.load(std::memory_order_relaxed) >= hold_pause_unit; }
    bool is_idle() const { return group_ == nullptr; }

  private:
    friend class Scheduler;
    friend class RunQueue;

    // An idle CPU need not save the state that it holds of one that merely waits here, for an event or for budget. Who
    // pauses one or takes it down may want to see its registers, and one that may not run here goes elsewhere.
    bool must_be_saved() const { return !is_linked() && hold_.load(std::memory_order_relaxed) != hold_blocked; }

    static constexpr uint32_t hold_blocked = 1; // waits for an event
    static constexpr uint32_t hold_down = 2;    // not brought up (VCPUOP_up), or taken down
    static constexpr uint32_t hold_pause_unit = 4;

    std::atomic<uint32_t> hold_{hold_down};
    std::atomic<uint32_t> home_{0};
    std::atomic<bool> on_cpu_{false};
    std::atomic<bool> running_{false};
    std::atomic<bool> unplaced_{false}; // runnable, but its home may not run it: placed elsewhere once saved
    SchedGroup* group_ = nullptr;       // null: an idle entity
    Nanoseconds virtual_time_ = 0;      // CPU time had, scaled by weight
    int64_t lag_ = 0;                   // virtual_time_ minus its queue's when it last left one
    Affinity hard_ = Affinity::all();
    Affinity soft_ = Affinity::all();
    vcpu_runstate_info runstate_ = {};
};

} // namespace skerry
