// SPDX-License-Identifier: MIT
#include "grants/grant_table.h"

#include "memory/frame_table.h"

namespace skerry {
namespace {

constexpr unsigned announce_retries = 4; // against a guest that rewrites its entry all the time

uint16_t use_bits(bool writes) { return static_cast<uint16_t>(writes ? GTF_reading | GTF_writing : GTF_reading); }

} // namespace

Result<GrantUse> GrantTable::begin_use(GrantRef reference, DomId grantee, bool writes, bool whole) {
    Holding held(lock_);
    if (dying_ || !exists(reference)) [[unlikely]]
        return Error::not_found;
    Active& uses = active(reference);
    Result<GrantUse> use = uses.in_use() ? begin_again(reference, uses, grantee, writes, whole)
                                         : begin_fresh(reference, uses, grantee, writes, whole);
    if (!use.ok()) [[unlikely]]
        return use;
    if (writes)
        uses.writers = uses.writers + 1;
    else
        uses.readers = uses.readers + 1;
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

// The reference that the use stands for; it is dropped by the user of the grant.
Status GrantTable::hold_frame(Mfn frame, bool writes) {
    if (writes) {
        Result<WritableRef> held = take_writable(frame, account_);
        if (!held.ok()) return Error::busy;
        std::move(held).value().release();
    } else {
        Result<FrameRef> held = take_reference(frame, account_);
        if (!held.ok()) return Error::busy;
        std::move(held).value().release();
    }
    return success;
}

Result<GrantUse> GrantTable::begin_fresh(GrantRef reference, Active& uses, DomId grantee, bool writes, bool whole) {
    GrantEntry shared = entry(reference);
    GrantHeader header = TRY(announce(shared, grantee, writes));
    GrantUse use{.reference = reference, .frame = invalid_mfn, .writes = writes};
    Status status = success;
    if (header.type() == GTF_transitive) {
        use.is_transitive = true;
        use.via_domain = shared.transitive_domain();
        use.via_reference = shared.transitive_reference();
        if (whole) status = Error::not_permitted;
    } else {
        use.frame = shared.frame();
        if (shared.is_v2() && (header.flags() & GTF_sub_page)) {
            use.offset = shared.sub_page_offset();
            use.length = shared.sub_page_length();
            bool fits = use.offset < page_size && use.length > 0 && use.length <= page_size - use.offset;
            status = whole ? Error::not_permitted : fits ? success : Status(Error::invalid);
        }
        if (status.ok()) status = hold_frame(use.frame, writes);
    }
    if (!status.ok()) {
        shared.withdraw(use_bits(true));
        return status.error();
    }
    uses = Active{};
    uses.frame = static_cast<uint32_t>(use.frame.value);
    uses.offset = use.offset;
    uses.length = use.length;
    uses.partial = use.length != page_size;
    uses.transitive = use.is_transitive;
    uses.grantee = grantee.value;
    return use;
}

// In use already: the frame is settled; only more access may have to be granted.
Result<GrantUse> GrantTable::begin_again(GrantRef reference, Active& uses, DomId grantee, bool writes, bool whole) {
    constexpr uint32_t most_uses = (1u << 20) - 1;
    if (uses.grantee != grantee.value || uses.readers == most_uses || uses.writers == most_uses) return Error::invalid;
    if (uses.transitive) return Error::invalid; // one use at a time
    if (whole && uses.partial) return Error::not_permitted;
    if (writes && !uses.writers) TRY(announce(entry(reference), grantee, true));
    GrantUse use{.reference = reference, .frame = Mfn(uses.frame), .writes = writes};
    use.offset = static_cast<uint16_t>(uses.offset);
    use.length = uses.length;
    Status status = hold_frame(use.frame, writes);
    if (!status.ok()) {
        if (writes && !uses.writers) entry(reference).withdraw(GTF_writing);
        return status.error();
    }
    return use;
}

void GrantTable::end_use(GrantRef reference, bool writes) {
    Holding held(lock_);
    Active& uses = active(reference);
    if (writes)
        uses.writers = uses.writers - 1;
    else
        uses.readers = uses.readers - 1;
    --uses_;
    if (dying_) [[unlikely]] {
        if (uses_ == 0) free_tables();
        return;
    }
    uint16_t over = static_cast<uint16_t>((uses.writers ? 0 : GTF_writing) | (uses.in_use() ? 0 : GTF_reading));
    if (over) entry(reference).withdraw(over);
}

} // namespace skerry
