// SPDX-License-Identifier: MIT
#include "schedule/run_queue.h"

namespace skerry {

void RunQueue::set_runstate(SchedEntity& entity, int state, Nanoseconds now) {
    vcpu_runstate_info& info = entity.runstate_;
    if (info.state == state) return;
    if (now > info.state_entry_time) {
        info.time[info.state] += now - info.state_entry_time;
        info.state_entry_time = now;
    }
    info.state = state;
}

void RunQueue::insert(SchedEntity& entity) {
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

void RunQueue::enter(SchedEntity& entity, Nanoseconds credit) {
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

void RunQueue::leave(SchedEntity& entity) {
    entity.lag_ = static_cast<int64_t>(entity.virtual_time_ - clock_);
    waiting_.remove(entity); // or parked_
    publish();
}

SchedEntity* RunQueue::take_first(Nanoseconds now) {
    while (SchedEntity* entity = waiting_.pop_front()) {
        if (entity->group_->may_run(now)) return entity;
        park(*entity, now);
    }
    return nullptr;
}

// Its claim passes as if it ran: what a cap forbids is not made up for later.
void RunQueue::park(SchedEntity& entity, Nanoseconds now) {
    unpark_at_ = SchedGroup::next_refill(now);
    entity.virtual_time_ += unpark_at_ - now;
    entity.lag_ = static_cast<int64_t>(entity.virtual_time_ - clock_);
    parked_.push_back(entity);
}

void RunQueue::unpark_due(Nanoseconds now) {
    if (now < unpark_at_) [[likely]]
        return;
    unpark_at_ = never;
    advance_clock(now);
    while (SchedEntity* entity = parked_.pop_front()) enter(*entity, 0);
}

void RunQueue::charge(Nanoseconds now) {
    if (now <= charged_until_) return;
    Nanoseconds ran = now - charged_until_;
    charged_until_ = now;
    if (current_->is_idle()) return;
    current_->virtual_time_ += current_->group_->virtual_time(ran);
    // What ran before a cap was set is not owed.
    if (current_->group_->cap() != 0) [[unlikely]]
        current_->group_->spend(std::min(ran, policy::slice));
}

void RunQueue::advance_clock(Nanoseconds now) {
    Nanoseconds least = std::min(head(), current_->is_idle() ? never : current_virtual_time(now));
    if (least != never && least > clock_) clock_ = least;
}

Nanoseconds RunQueue::current_virtual_time(Nanoseconds now) const {
    Nanoseconds ran = now > charged_until_ ? now - charged_until_ : 0;
    return current_->virtual_time_ + current_->group_->virtual_time(ran);
}

Nanoseconds RunQueue::slice_end_for(SchedEntity& entity, Nanoseconds now, bool alone_on_machine) {
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

// --- the group

Status SchedGroup::set(uint32_t weight, uint32_t cap) {
    if (weight < min_weight || weight > max_weight || cap > percent_limit) return Error::invalid;
    weight_ = weight;
    inverse_weight_.store(inverse_of(weight), std::memory_order_relaxed);
    cap_.store(cap, std::memory_order_relaxed);
    return success;
}

int64_t SchedGroup::budget(Nanoseconds now) {
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

void SchedGroup::spend(Nanoseconds ran) {
    Holding held(lock_);
    budget_ -= static_cast<int64_t>(ran);
}

} // namespace skerry
