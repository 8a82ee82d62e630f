// SPDX-License-Identifier: MIT
#include "grants/grant_table.h"

#include <algorithm>

namespace skerry {
namespace {

constexpr unsigned announce_retries = 4; // against a guest that rewrites its entry all the time

uint16_t use_bits(bool writes) { return static_cast<uint16_t>(writes ? GTF_reading | GTF_writing : GTF_reading); }

} // namespace

// --- the table ---

Status GrantTable::grow_locked(uint32_t frames) {
    if (frames > frame_limit_ || dying_) return Error::invalid;
    while (frames_.count < frames) {
        const uint32_t next = frames_.count + 1;
        for (; active_count_ < next * active_pages_per_frame; ++active_count_) {
            active_[active_count_] = static_cast<Active*>(allocate_core_pages(account_));
            if (!active_[active_count_]) return Error::no_memory;
        }
        if (version() == 2) TRY(grow_status(next));
        TRY(frames_.grow(account_, next));
    }
    return success;
}

Status GrantTable::grow_status(uint32_t frames) {
    constexpr uint32_t entries = page_size / sizeof(grant_entry_v2_t), statuses = page_size / sizeof(grant_status_t);
    return status_.grow(account_, (frames * entries + statuses - 1) / statuses);
}

// The reserved entries (console, xenstore) survive a change of version; everything else starts empty.
Status GrantTable::set_version(uint32_t wanted) {
    if (wanted != 1 && wanted != 2) return Error::invalid;
    if (wanted > max_version_) return Error::not_supported;
    Holding held(lock_);
    if (wanted == version()) return success;
    if (uses_ > 0 || status_.are_mapped()) return Error::busy;
    TRY(grow_locked(std::max(frames_.count, 1u)));
    if (wanted == 2) TRY(grow_status(frames_.count));
    struct {
        GrantHeader header;
        Mfn frame;
    } reserved[GNTTAB_NR_RESERVED_ENTRIES];
    for (uint32_t i = 0; i < GNTTAB_NR_RESERVED_ENTRIES; ++i)
        reserved[i] = {entry(GrantRef(i)).header(), entry(GrantRef(i)).frame()};
    frames_.clear();
    status_.clear();
    version_.store(wanted, std::memory_order_relaxed);
    for (uint32_t i = 0; i < GNTTAB_NR_RESERVED_ENTRIES; ++i) {
        auto [header, frame] = reserved[i];
        if (header.type() == GTF_permit_access)
            entry(GrantRef(i)).fill(header.flags() & (GTF_type_mask | GTF_readonly), header.grantee(), frame);
    }
    return success;
}

Status GrantTable::swap(GrantRef a, GrantRef b) {
    Holding held(lock_);
    if (!exists(a) || !exists(b)) return Error::not_found;
    if (active(a).in_use() || active(b).in_use()) return Error::try_again;
    uint64_t *at_a = static_cast<uint64_t*>(entry_at(a)), *at_b = static_cast<uint64_t*>(entry_at(b));
    if (a != b) std::swap_ranges(at_a, at_a + entry_size() / sizeof(uint64_t), at_b);
    return success;
}

Status GrantTable::tear_down(WorkBudget&) {
    Holding held(lock_);
    if (dying_) return success;
    dying_ = true;
    frames_.give_back();
    status_.give_back();
    if (uses_ == 0) free_actives();
    return success;
}

void GrantTable::free_actives() {
    for (; active_count_ > 0; --active_count_) free_core_pages(account_, active_[active_count_ - 1]);
}

// --- uses ---

Result<GrantUse> GrantTable::begin_use(GrantRef reference, DomId grantee, bool writes, bool whole) {
    Holding held(lock_);
    if (dying_ || !exists(reference)) [[unlikely]]
        return Error::not_found;
    Active& uses = active(reference);
    TRY(uses.in_use() ? begin_another(reference, uses, grantee, writes)
                      : begin_first(reference, uses, grantee, writes));
    // From here on the use is announced.
    GrantUse use{.reference = reference, .frame = Mfn(uses.frame), .length = uses.length, .writes = writes};
    use.offset = static_cast<uint16_t>(uses.offset);
    Status status = whole && (uses.partial || uses.transitive) ? Status(Error::not_permitted) : success;
    if (uses.transitive) [[unlikely]] {
        use.is_transitive = true;
        use.via_domain = entry(reference).transitive_domain();
        use.via_reference = entry(reference).transitive_reference();
    } else if (status.ok()) {
        status = hold_frame(use.frame, writes);
    }
    if (!status.ok()) [[unlikely]] {
        withdraw_unused(reference, uses);
        return status.error();
    }
    uses.count(writes, 1);
    ++uses_;
    return use;
}

// Says in the entry that it is in use, provided that it grants what is wanted.
Result<GrantHeader> GrantTable::announce(GrantEntry entry, DomId grantee, bool writes) {
    for (unsigned i = 0; i < announce_retries; ++i) {
        GrantHeader header = entry.header();
        bool grants = header.type() == GTF_permit_access || (entry.is_v2() && header.type() == GTF_transitive);
        if (!grants || header.grantee() != grantee || (writes && (header.flags() & GTF_readonly)))
            return Error::invalid;
        if (!entry.is_v2() && (header.flags() & GTF_sub_page)) return Error::invalid;
        if (entry.announce(header, use_bits(writes))) [[likely]]
            return header;
    }
    return Error::invalid;
}

// What is announced for uses that there are not.
void GrantTable::withdraw_unused(GrantRef reference, const Active& uses) {
    uint16_t over = static_cast<uint16_t>((uses.writers ? 0 : GTF_writing) | (uses.in_use() ? 0 : GTF_reading));
    if (over) entry(reference).withdraw(over);
}

// The reference that the use stands for; it is dropped by the user of the grant.
Status GrantTable::hold_frame(Mfn frame, bool writes) {
    if (writes)
        TRY_AS(take_writable(frame, account_), Error::busy).release();
    else
        TRY_AS(take_reference(frame, account_), Error::busy).release();
    return success;
}

// Not in use: what the entry says now is what its uses will be of.
Status GrantTable::begin_first(GrantRef reference, Active& uses, DomId grantee, bool writes) {
    GrantEntry shared = entry(reference);
    GrantHeader header = TRY(announce(shared, grantee, writes));
    uses = Active{};
    uses.grantee = grantee.value;
    uses.length = page_size;
    uses.transitive = header.type() == GTF_transitive;
    if (uses.transitive) return success;
    uses.frame = static_cast<uint32_t>(std::min<uint64_t>(shared.frame().value, ~0u)); // ~0 is no frame
    if (!shared.is_v2() || !(header.flags() & GTF_sub_page)) [[likely]]
        return success;
    const uint16_t offset = shared.sub_page_offset();
    uses.partial = true;
    uses.offset = offset % page_size;
    uses.length = shared.sub_page_length();
    if (offset < page_size && uses.length > 0 && uses.length <= page_size - offset) return success;
    withdraw_unused(reference, uses);
    return Error::invalid;
}

// In use already: the frame is settled; only more access may have to be granted.
Status GrantTable::begin_another(GrantRef reference, const Active& uses, DomId grantee, bool writes) {
    constexpr uint32_t most_uses = (1u << 20) - 1;
    if (uses.grantee != grantee.value || uses.readers == most_uses || uses.writers == most_uses) return Error::invalid;
    if (uses.transitive) return Error::invalid; // one use at a time
    if (writes && !uses.writers) TRY(announce(entry(reference), grantee, true));
    return success;
}

void GrantTable::end_use(GrantRef reference, bool writes) {
    Holding held(lock_);
    Active& uses = active(reference);
    uses.count(writes, -1);
    --uses_;
    if (!dying_) [[likely]]
        return withdraw_unused(reference, uses);
    if (uses_ == 0) free_actives();
}

} // namespace skerry
