// SPDX-License-Identifier: MIT
// Frames come into use as page tables: every entry is judged and gets what it needs, or nothing has changed. Tables
// that nobody uses any more are taken apart: what their entries held is given back. Not by recursion but by a queue:
// each step handles one table, and tables that lose their last use by it join the queue.
#include "arch/x86_64/core_page_tables.h"
#include "pv_mmu/entries.h"

namespace skerry {

// In units of WorkBudget: 512 entries of an L1; looking through a table of another level.
static constexpr int32_t promotion_work(unsigned level) { return level == 1 ? 256 : 24; }
static constexpr int32_t demotion_work(unsigned level) { return level == 1 ? 192 : 48; }

// --- into use ---

// What a refused promotion has taken is given back.
Status PvMmu::take_table(Pte entry, unsigned level, WorkBudget& budget, const char* purpose, const Pte* slot) {
    Status taken = take_below(entry, level, budget, slot);
    if (UNLIKELY(!taken.ok() && taken.error() != Error::restart)) {
        (void)drain(budget);
        return refuse(taken.error(), account_.id(), "%s %lx: it is no L%u table and cannot become one", purpose,
                      entry.mfn().value, level);
    }
    return taken;
}

Status PvMmu::take_below(Pte entry, unsigned level, WorkBudget& budget, const Pte* slot) {
    Frame* found = find_own(entry.mfn());
    if (UNLIKELY(!found)) return Error::invalid;
    if (page_use::try_add_use(*found, table_type(level))) return success;
    if (slot) {
        Frame& table = frame(frame_of_pointer(slot));
        if (found == &table || found->word().is_used_as(table_type(level + 1))) return take_linear(table, slot, entry);
    }
    return promote(*found, level, budget);
}

// The entry at `slot` of `table` leads to a table of the same level: to itself, for which nothing needs to be counted, or
// to another one that is in use already. The guest reads its tables that way; it must not write them.
Status PvMmu::take_linear(Frame& table, const Pte* slot, Pte entry) {
    const FrameType type = table.word().type();
    Frame& named = frame(entry.mfn());
    if (entry.is_writable()) return Error::invalid;
    if (type == FrameType::l4) {
        const auto index = static_cast<unsigned>(slot - table_entries(table.mfn()));
        const uint64_t bit = uint64_t{1} << index % 64;
        if (!(account_.linear_slots[index / 64].fetch_or(bit) & bit)) {
            // The first one there: nobody may be half-way through a read of the guest's memory, this call included.
            quick_read_limit = 0;
            account_.users.flush();
            return Error::restart;
        }
    }
    if (&named == &table) return success;
    // A table that leads to others is led to by none, so there are no cycles.
    if (table.linear_balance() < 0 || named.linear_balance() > 0 || !page_use::try_add_use(named, type))
        return Error::invalid;
    table.add_to_linear_balance(1);
    named.add_to_linear_balance(-1);
    return success;
}

Status PvMmu::promote(Frame& frame, unsigned level, WorkBudget& budget) {
    if (!budget.spend(promotion_work(level))) return Error::restart;
    ASSERT(first_queued_ == nothing); // so a frame in transition is one that was suspended
    switch (page_use::begin(frame, table_type(level), account_)) {
    case page_use::Begun::added: return success;
    case page_use::Begun::in_use:
    case page_use::Begun::gone: return Error::invalid;
    case page_use::Begun::other_change:
        if (inside_[table_level(frame.word().type())] == &frame) return Error::invalid; // a table that leads to itself
        // A promotion to another level that was never finished: undo it, then come back.
        enqueue(frame);
        return Error::restart;
    case page_use::Begun::fresh: frame.set_queue_next(0); break; // its linear balance
    case page_use::Begun::resumed: break;
    }
    inside_[level] = &frame;
    Status checked = level == 1 ? validate(frame, 1, budget) : validate(frame, level, budget);
    inside_[level] = nullptr;
    if (checked.ok()) {
        if (level == 4) copy_core_slots(table_entries(frame.mfn()));
        page_use::complete(frame);
    } else if (checked.error() != Error::restart) {
        enqueue(frame);
    }
    return checked;
}

// Judges the entries from `progress` on and takes what each needs. Inline, so that an L1 is handled by a loop of its
// own.
[[gnu::always_inline]] inline Status PvMmu::validate(Frame& frame, unsigned level, WorkBudget& budget) {
    Pte* entries = table_entries(frame.mfn());
    const uint64_t refused = rules::refused_flags(level, level == 1 && host_.may_set_cache_attributes());
    for (unsigned i = frame.word().progress(); i < page_table_entries; ++i) {
        if (!rules::is_guest_slot(level, i)) continue;
        Pte entry = read_slot(&entries[i]);
        if (!entry.is_present()) continue;
        Status taken = entry.raw & refused ? Status(Error::invalid)
                       : level == 1        ? take_l1_need(entry, account_)
                                           : take_below(entry, level - 1, budget, &entries[i]);
        if (UNLIKELY(!taken.ok())) {
            page_use::set_progress(frame, i);
            if (taken.error() == Error::restart) return taken;
            return refuse(taken.error(), account_.id(), "L%u table %lx, entry %u (%lx): cannot be validated", level,
                          frame.mfn().value, i, entry.raw);
        }
        Pte adjusted = rules::adjusted(level, entry);
        if (adjusted != entry) entries[i] = adjusted;
    }
    return success;
}

// --- out of use ---

void PvMmu::drop_table(Frame& frame) {
    if (page_use::drop_use(frame, account_.users.stamp())) enqueue(frame);
}

Status PvMmu::drain_queue(WorkBudget& budget) {
    while (first_queued_ != nothing) {
        Frame& next = frame(Mfn(first_queued_));
        unsigned level = table_level(next.word().type());
        if (!budget.spend(demotion_work(level))) return Error::restart;
        first_queued_ = next.queue_next();
        if (level == 1)
            take_apart(next, 1);
        else
            take_apart(next, level);
        page_use::end(next);
    }
    return success;
}

// What the first `progress` entries hold goes.
[[gnu::always_inline]] inline void PvMmu::take_apart(Frame& frame, unsigned level) {
    Pte* entries = table_entries(frame.mfn());
    const unsigned count = frame.word().progress();
    const FlushStamp now = account_.users.stamp();
    for (unsigned i = 0; i < count; ++i) {
        if (!rules::is_guest_slot(level, i)) continue;
        Pte entry = read_slot(&entries[i]);
        if (entry.is_present()) drop_need(level, &entries[i], entry, now);
    }
    if (level == 4)
        for (unsigned i = layout::first_core_slot; i <= layout::last_core_slot; ++i) entries[i] = Pte();
}

} // namespace skerry
