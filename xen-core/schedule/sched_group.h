// SPDX-License-Identifier: MIT
// What the vCPUs of one domain share in scheduling: a weight and a cap. Embedded in the domain; must outlive its
// entities.
//
// Weight: each vCPU that wants to run gets CPU time in proportion to its group's weight (Xen credit: 1..65535, default
// 256). Cap: the group as a whole may use at most `cap` percent of one CPU (0: no limit; 150: one CPU and a half),
// enforced by a budget refilled each period. Several CPUs may use up the last of it at once; the overrun, less than a
// slice on each, is a debt to the next periods, so that the long-term use of the group does not exceed the cap however
// many vCPUs it has. ABI: xen_domctl_sched_credit {weight, cap}.
#pragma once

#include "base/lock.h"
#include "base/result.h"

namespace skerry {

class SchedGroup : NonCopyable {
  public:
    static constexpr uint32_t default_weight = 256, min_weight = 1, max_weight = 65535;
    static constexpr Nanoseconds period = 10'000'000;

    // Error::invalid if weight is out of 1..65535 or cap above percent_limit; then nothing changed.
    Status set(uint32_t weight, uint32_t cap);
    uint32_t weight() const { return weight_; }
    uint32_t cap() const { return cap_.load(std::memory_order_relaxed); }

    // Virtual time that `spent` nanoseconds of CPU cost a vCPU of this group: the same at weight 256, twice at 128.
    Nanoseconds virtual_time(Nanoseconds spent) const {
        return static_cast<Nanoseconds>(
            static_cast<unsigned __int128>(spent) * inverse_weight_.load(std::memory_order_relaxed) >> inverse_shift);
    }

    bool may_run(Nanoseconds now) { return cap() == 0 || budget(now) > 0; }
    // Of a capped group: what it may still use until next_refill(now). None left, or a debt: 0 or less.
    int64_t budget(Nanoseconds now);
    void spend(Nanoseconds ran);
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

} // namespace skerry
