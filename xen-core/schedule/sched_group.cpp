// SPDX-License-Identifier: MIT
#include "schedule/sched_group.h"

#include <algorithm>

namespace skerry {

Status SchedGroup::set(uint32_t weight, uint32_t cap) {
    if (weight < min_weight || weight > max_weight || cap > percent_limit) return Error::invalid;
    weight_ = weight;
    inverse_weight_.store(inverse_of(weight), std::memory_order_relaxed);
    cap_.store(cap, std::memory_order_relaxed);
    return success;
}

Nanoseconds SchedGroup::take(Nanoseconds now, Nanoseconds wanted) {
    Holding held(lock_);
    uint64_t current_period = now / period;
    if (current_period > refilled_period_) {
        // A debt is worked off period by period; unused budget does not add up.
        int64_t periods = static_cast<int64_t>(std::min<uint64_t>(current_period - refilled_period_, 1000));
        balance_ = std::min(balance_ + budget_per_period() * periods, budget_per_period());
        refilled_period_ = current_period;
    }
    int64_t granted = std::clamp<int64_t>(balance_, 0, static_cast<int64_t>(wanted));
    balance_ -= granted;
    return static_cast<Nanoseconds>(granted);
}

void SchedGroup::give_back(int64_t unused) {
    Holding held(lock_);
    balance_ = std::min(balance_ + unused, budget_per_period());
}

} // namespace skerry
