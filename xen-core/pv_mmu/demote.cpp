// SPDX-License-Identifier: MIT
// Tables that nobody uses any more are taken apart: what their entries held is given back. Not by recursion but by a
// queue: each step handles one table, and tables that lose their last use by it join the queue.
#include "pv_mmu/entry_rules.h"
#include "pv_mmu/l1_needs.h"
#include "pv_mmu/page_use.h"
#include "pv_mmu/pv_mmu.h"
#include "pv_mmu/slot.h"

namespace skerry {

namespace {
constexpr int32_t l1_work = 192;
constexpr int32_t table_work = 48;
} // namespace

void PvMmu::drop_table(Frame& frame) {
    if (page_use::drop_use(frame, account_.users.stamp())) enqueue(frame);
}

void PvMmu::enqueue(Frame& frame) {
    frame.set_queue_next(first_queued_);
    first_queued_ = static_cast<uint32_t>(frame.mfn().value);
}

Status PvMmu::drain_queue(WorkBudget& budget) {
    while (first_queued_ != nothing) {
        Frame& next = frame(Mfn(first_queued_));
        unsigned level = table_level(next.word().type());
        if (!budget.spend(level == 1 ? l1_work : table_work)) return Error::restart;
        first_queued_ = next.queue_next();
        if (level == 1)
            take_apart_l1(next);
        else
            take_apart_table(next, level);
        page_use::end(next);
    }
    return success;
}

void PvMmu::take_apart_l1(Frame& frame) {
    const Pte* entries = table_entries(frame.mfn());
    const unsigned count = frame.word().progress();
    const FlushStamp now = account_.users.stamp();
    for (unsigned i = 0; i < count; ++i) {
        Pte entry = read_slot(&entries[i]);
        if (entry.is_present()) drop_l1_need(entry, now);
    }
}

void PvMmu::take_apart_table(Frame& frame, unsigned level) {
    Pte* entries = table_entries(frame.mfn());
    const unsigned count = frame.word().progress();
    for (unsigned i = 0; i < count; ++i) {
        if (!rules::is_guest_slot(level, i)) continue;
        Pte entry = read_slot(&entries[i]);
        if (entry.is_present()) drop_table(skerry::frame(entry.mfn()));
    }
    if (level == 4)
        for (unsigned i = layout::first_core_slot; i <= layout::last_core_slot; ++i) entries[i] = Pte();
}

} // namespace skerry
