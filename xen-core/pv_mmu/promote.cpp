// SPDX-License-Identifier: MIT
// Frames come into use as page tables: every entry is judged and gets what it needs, or nothing has changed.
#include "arch/x86_64/core_page_tables.h"
#include "pv_mmu/entry_rules.h"
#include "pv_mmu/l1_needs.h"
#include "pv_mmu/page_use.h"
#include "pv_mmu/pv_mmu.h"
#include "pv_mmu/slot.h"

namespace skerry {

namespace {
// In units of WorkBudget: 512 entries of an L1; looking through a table of another level.
constexpr int32_t l1_work = 256;
constexpr int32_t table_work = 24;
} // namespace

// Takes a use of a table for an operation of the guest. What a refused promotion has taken is given back.
Status PvMmu::take_table(Mfn mfn, unsigned level, WorkBudget& budget, const char* purpose) {
    Status taken = take_below(mfn, level, budget);
    if (!taken.ok() && taken.error() != Error::restart) [[unlikely]] {
        log_refusal(account_.id(), "%s %lx: it is no L%u table and cannot become one", purpose, mfn.value, level);
        (void)drain(budget);
    }
    return taken;
}

// The same for an entry of a table that is being validated.
Status PvMmu::take_below(Mfn mfn, unsigned level, WorkBudget& budget) {
    Frame* found = find_frame(mfn);
    if (!found || found->owner() != &account_) [[unlikely]]
        return Error::invalid;
    if (page_use::try_add_use(*found, table_type(level))) return success;
    return promote(*found, level, budget);
}

Status PvMmu::promote(Frame& frame, unsigned level, WorkBudget& budget) {
    if (!budget.spend(level == 1 ? l1_work : table_work)) return Error::restart;
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
    case page_use::Begun::fresh:
    case page_use::Begun::resumed: break;
    }
    inside_[level] = &frame;
    Status checked = level == 1 ? validate_l1(frame) : validate_table(frame, level, budget);
    inside_[level] = nullptr;
    if (checked.ok()) {
        if (level == 4) copy_core_slots(table_entries(frame.mfn()));
        page_use::complete(frame);
    } else if (checked.error() != Error::restart) {
        enqueue(frame);
    }
    return checked;
}

Status PvMmu::validate_l1(Frame& frame) {
    Pte* entries = table_entries(frame.mfn());
    const uint64_t refused = rules::refused_flags(1, host_.may_set_cache_attributes());
    for (unsigned i = 0; i < page_table_entries; ++i) {
        Pte entry = read_slot(&entries[i]);
        if (!entry.is_present()) continue;
        Status taken = entry.raw & refused ? Status(Error::invalid) : take_l1_need(entry, account_);
        if (!taken.ok()) [[unlikely]] {
            log_refusal(account_.id(), "L1 table %lx, entry %u (%lx): cannot be validated", frame.mfn().value, i,
                        entry.raw);
            page_use::set_progress(frame, i);
            return taken;
        }
        Pte adjusted = rules::adjusted_l1(entry);
        if (adjusted != entry) entries[i] = adjusted;
    }
    return success;
}

Status PvMmu::validate_table(Frame& frame, unsigned level, WorkBudget& budget) {
    Pte* entries = table_entries(frame.mfn());
    const uint64_t refused = rules::refused_flags(level, false);
    for (unsigned i = frame.word().progress(); i < page_table_entries; ++i) {
        if (!rules::is_guest_slot(level, i)) continue;
        Pte entry = read_slot(&entries[i]);
        if (!entry.is_present()) continue;
        Status taken = entry.raw & refused ? Status(Error::invalid) : take_below(entry.mfn(), level - 1, budget);
        if (!taken.ok()) {
            if (taken.error() != Error::restart)
                log_refusal(account_.id(), "L%u table %lx, entry %u (%lx): cannot be validated", level,
                            frame.mfn().value, i, entry.raw);
            page_use::set_progress(frame, i);
            return taken;
        }
        entries[i] = rules::adjusted_table(entry);
    }
    return success;
}

} // namespace skerry
