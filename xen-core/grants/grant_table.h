// SPDX-License-Identifier: MIT
// What one domain grants to others: its shared table of entries, and which of them are in use.
//
// A use is begun before the frame is mapped or copied, and ended after the last translation to it is gone. While an
// entry is in use, its frame is the one noted here, whatever the guest writes into the entry meanwhile; each use holds
// a reference to the frame (a writable one, if it writes).
//
// Invariants: an entry with uses has GTF_reading announced, and GTF_writing while a writer is among them. The
// version changes only while nothing is in use. Lock: LockRank::grant_table, inside; any CPU may call.
// ABI: <xen/grant_table.h>. The table knows nothing of domains but numbers and the account.
#pragma once

#include "grants/grant_entry.h"
#include "memory/allocator.h"
#include "memory/frame_table.h"

#include <algorithm>
#include <string.h>

namespace skerry {

// A begun use of a grant. The frame reference that it stands for is owned by whoever holds this.
struct GrantUse {
    GrantRef reference;
    Mfn frame;
    uint16_t offset = 0;         // of what may be touched, bytes
    uint16_t length = page_size; // 1..page_size
    bool writes = false;
    bool is_transitive = false; // no frame yet: the grant is `via_reference` of `via_domain`, granted to this domain
    DomId via_domain{};
    GrantRef via_reference{};
};

class GrantTable : NonCopyable {
  public:
    static constexpr uint32_t max_frames = 128;

    // `frames`: the most that the table may grow to, at most max_frames. `max_version`: 1 or 2.
    GrantTable(Account& account, uint32_t frames, uint8_t max_version)
        : account_(account), frame_limit_(frames < max_frames ? frames : max_frames), max_version_(max_version) {}

    uint32_t frame_count() {
        Holding held(lock_);
        return frames_.count;
    }
    uint32_t frame_limit() const { return frame_limit_; }
    uint32_t version() const { return version_.load(std::memory_order_relaxed); }

    uint32_t status_frame_count() {
        Holding held(lock_);
        return version() == 2 ? status_.count : 0;
    }
    // Grows to at least `frames`. Errors: invalid (beyond the limit), no_memory.
    Status grow(uint32_t frames) {
        Holding held(lock_);
        return grow_locked(frames);
    }
    // Frame `index` of the table, or of the status array (version 2). Errors: invalid.
    Result<Mfn> shared_frame(uint32_t index) {
        Holding held(lock_);
        return frames_.frame(index);
    }
    Result<Mfn> status_frame(uint32_t index) {
        Holding held(lock_);
        return version() == 2 ? status_.frame(index) : Error::invalid;
    }

    // Errors: invalid (no such version), not_supported (not allowed to this domain), busy (something is in use),
    // no_memory.
    // The reserved entries (console, xenstore) survive a change of version; everything else starts empty.
    Status set_version(uint32_t wanted) {
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
    // Errors: not_found (out of range), try_again (one of them is in use).
    Status swap(GrantRef a, GrantRef b) {
        Holding held(lock_);
        if (!exists(a) || !exists(b)) return Error::not_found;
        if (active(a).in_use() || active(b).in_use()) return Error::try_again;
        uint64_t *at_a = static_cast<uint64_t*>(entry_at(a)), *at_b = static_cast<uint64_t*>(entry_at(b));
        if (a != b) std::swap_ranges(at_a, at_a + entry_size() / sizeof(uint64_t), at_b);
        return success;
    }

    // For `grantee`. Errors: not_found (no such entry), invalid (it does not grant that), busy (the frame is not the
    // granter's, or in use as a page table), not_permitted (only partial access, and `whole` is asked for).
    Result<GrantUse> begin_use(GrantRef reference, DomId grantee, bool writes, bool whole) {
        Holding held(lock_);
        if (UNLIKELY(dying_ || !exists(reference))) return Error::not_found;
        Active& uses = active(reference);
        TRY(uses.in_use() ? begin_another(reference, uses, grantee, writes)
                          : begin_first(reference, uses, grantee, writes));
        // From here on the use is announced.
        GrantUse use{.reference = reference, .frame = Mfn(uses.frame), .length = uses.length, .writes = writes};
        use.offset = static_cast<uint16_t>(uses.offset);
        Status status = whole && (uses.partial || uses.transitive) ? Status(Error::not_permitted) : success;
        if (UNLIKELY(uses.transitive)) {
            use.is_transitive = true;
            use.via_domain = entry(reference).transitive_domain();
            use.via_reference = entry(reference).transitive_reference();
        } else if (status.ok()) {
            status = hold_frame(use.frame, account_, writes); // dropped by the user of the grant
        }
        if (UNLIKELY(!status.ok())) {
            withdraw_unused(reference, uses);
            return status.error();
        }
        uses.count(writes, 1);
        ++uses_;
        return use;
    }
    // Gives back the use, not the frame reference (the caller drops that first).
    void end_use(GrantRef reference, bool writes) {
        Holding held(lock_);
        Active& uses = active(reference);
        uses.count(writes, -1);
        --uses_;
        if (LIKELY(!dying_)) return withdraw_unused(reference, uses);
        if (uses_ == 0) free_actives();
    }

    // The end of the granting domain: no new uses; frees the table as soon as nothing is in use.
    void tear_down() {
        Holding held(lock_);
        if (dying_) return;
        dying_ = true;
        frames_.give_back();
        status_.give_back();
        if (uses_ == 0) free_actives();
    }

  private:
    // One entry's uses, and what they are uses of.
    struct Active {
        uint32_t frame;
        uint32_t offset : 12, writers : 20;
        uint32_t readers : 20, partial : 1, transitive : 1, unused : 10;
        uint16_t length;
        uint16_t grantee;
        bool in_use() const { return readers || writers; }
        void count(bool writes, int32_t by) {
            if (writes)
                writers = writers + static_cast<uint32_t>(by);
            else
                readers = readers + static_cast<uint32_t>(by);
        }
    };
    static_assert(sizeof(Active) == 16);
    static constexpr uint32_t actives_per_page = page_size / sizeof(Active);
    // Version 1 has the most entries a frame: the active pages are sized for it, so that a change of version needs
    // none.
    static constexpr uint32_t active_pages_per_frame = page_size / sizeof(grant_entry_v1_t) / actives_per_page;
    static constexpr uint32_t max_status_frames =
        max_frames * (page_size / sizeof(grant_entry_v2_t)) * sizeof(grant_status_t) / page_size;

    // Frames shared with the guest, one array of bytes for it.
    template <uint32_t most> struct SharedFrames {
        WritableRef frames[most];
        uint32_t count = 0;

        Status grow(Account& account, uint32_t wanted) {
            for (; count < wanted; ++count) frames[count] = TRY(allocator.allocate_shared(account));
            return success;
        }
        Result<Mfn> frame(uint32_t index) const {
            return index < count ? Result<Mfn>(frames[index]->mfn()) : Error::invalid;
        }
        void* at(uint64_t offset) const {
            return to_pointer<char>(frames[offset / page_size]->mfn()) + offset % page_size;
        }
        // By the guest: then a frame has another reference than ours.
        bool are_mapped() const {
            return std::any_of(frames, frames + count,
                               [](const WritableRef& held) { return held->word().references() > 1; });
        }
        void clear() {
            for (uint32_t i = 0; i < count; ++i) memset(to_pointer(frames[i]->mfn()), 0, page_size);
        }
        void give_back() {
            for (; count > 0; --count) frames[count - 1] = WritableRef();
        }
    };

    static constexpr unsigned announce_retries = 4; // against a guest that rewrites its entry all the time

    static uint16_t use_bits(bool writes) {
        return static_cast<uint16_t>(writes ? GTF_reading | GTF_writing : GTF_reading);
    }
    size_t entry_size() const { return version() == 1 ? sizeof(grant_entry_v1_t) : sizeof(grant_entry_v2_t); }
    bool exists(GrantRef reference) const {
        return reference.value * uint64_t{entry_size()} < frames_.count * uint64_t{page_size};
    }
    void* entry_at(GrantRef reference) const { return frames_.at(reference.value * uint64_t{entry_size()}); }
    GrantEntry entry(GrantRef reference) const {
        void* status = version() == 2 ? status_.at(reference.value * sizeof(grant_status_t)) : nullptr;
        return {entry_at(reference), static_cast<grant_status_t*>(status)};
    }
    Active& active(GrantRef reference) {
        return active_[reference.value / actives_per_page][reference.value % actives_per_page];
    }
    Status grow_locked(uint32_t frames) {
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
    Status grow_status(uint32_t frames) {
        constexpr uint32_t entries = page_size / sizeof(grant_entry_v2_t),
                           statuses = page_size / sizeof(grant_status_t);
        return status_.grow(account_, (frames * entries + statuses - 1) / statuses);
    }
    // Not in use: what the entry says now is what its uses will be of.
    Status begin_first(GrantRef reference, Active& uses, DomId grantee, bool writes) {
        GrantEntry shared = entry(reference);
        GrantHeader header = TRY(announce(shared, grantee, writes));
        uses = Active{};
        uses.grantee = grantee.value;
        uses.length = page_size;
        uses.transitive = header.type() == GTF_transitive;
        if (uses.transitive) return success;
        uses.frame = static_cast<uint32_t>(std::min<uint64_t>(shared.frame().value, ~0u)); // ~0 is no frame
        if (LIKELY(!shared.is_v2() || !(header.flags() & GTF_sub_page))) return success;
        const uint16_t offset = shared.sub_page_offset();
        uses.partial = true;
        uses.offset = offset % page_size;
        uses.length = shared.sub_page_length();
        if (offset < page_size && uses.length > 0 && uses.length <= page_size - offset) return success;
        withdraw_unused(reference, uses);
        return Error::invalid;
    }
    // In use already: the frame is settled; only more access may have to be granted.
    Status begin_another(GrantRef reference, const Active& uses, DomId grantee, bool writes) {
        constexpr uint32_t most_uses = (1u << 20) - 1;
        if (uses.grantee != grantee.value || uses.readers == most_uses || uses.writers == most_uses)
            return Error::invalid;
        if (uses.transitive) return Error::invalid; // one use at a time
        if (writes && !uses.writers) TRY(announce(entry(reference), grantee, true));
        return success;
    }
    // Says in the entry that it is in use, provided that it grants what is wanted.
    Result<GrantHeader> announce(GrantEntry entry, DomId grantee, bool writes) {
        for (unsigned i = 0; i < announce_retries; ++i) {
            GrantHeader header = entry.header();
            bool grants = header.type() == GTF_permit_access || (entry.is_v2() && header.type() == GTF_transitive);
            if (!grants || header.grantee() != grantee || (writes && (header.flags() & GTF_readonly)))
                return Error::invalid;
            if (!entry.is_v2() && (header.flags() & GTF_sub_page)) return Error::invalid;
            if (LIKELY(entry.announce(header, use_bits(writes)))) return header;
        }
        return Error::invalid;
    }
    // What is announced for uses that there are not.
    void withdraw_unused(GrantRef reference, const Active& uses) {
        uint16_t over = static_cast<uint16_t>((uses.writers ? 0 : GTF_writing) | (uses.in_use() ? 0 : GTF_reading));
        if (over) entry(reference).withdraw(over);
    }
    void free_actives() {
        for (; active_count_ > 0; --active_count_) free_core_pages(account_, active_[active_count_ - 1]);
    }

    Account& account_;
    const uint32_t frame_limit_;
    const uint8_t max_version_;
    Lock<LockRank::grant_table> lock_;
    std::atomic<uint32_t> version_{1};
    bool dying_ = false;
    uint32_t uses_ = 0;
    SharedFrames<max_frames> frames_;
    SharedFrames<max_status_frames> status_;
    uint32_t active_count_ = 0; // pages
    Active* active_[max_frames * active_pages_per_frame] = {};
};

} // namespace skerry
