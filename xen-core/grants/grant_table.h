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

#include "base/lock.h"
#include "base/work_budget.h"
#include "grants/grant_entry.h"
#include "memory/allocator.h"

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

    uint32_t frame_count();
    uint32_t frame_limit() const { return frame_limit_; }
    uint32_t version() const { return version_.load(std::memory_order_relaxed); }

    // Grows to at least `frames`. Errors: invalid (beyond the limit), no_memory.
    Status grow(uint32_t frames);
    // Frame `index` of the table, or of the status array (version 2). Errors: invalid.
    Result<Mfn> shared_frame(uint32_t index);
    Result<Mfn> status_frame(uint32_t index);
    uint32_t status_frame_count();

    // Errors: invalid (no such version), not_supported (not allowed to this domain), busy (something is in use),
    // no_memory.
    Status set_version(uint32_t version);
    // Errors: not_found (out of range), try_again (one of them is in use).
    Status swap(GrantRef a, GrantRef b);

    // For `grantee`. Errors: not_found (no such entry), invalid (it does not grant that), busy (the frame is not the
    // granter's, or in use as a page table), not_permitted (only partial access, and `whole` is asked for).
    Result<GrantUse> begin_use(GrantRef reference, DomId grantee, bool writes, bool whole);
    // Gives back the use, not the frame reference (the caller drops that first).
    void end_use(GrantRef reference, bool writes);

    // The end of the granting domain: no new uses; frees the table as soon as nothing is in use. Errors: restart.
    Status tear_down(WorkBudget& budget);

  private:
    // One entry's uses.
    struct Active {
        uint32_t frame;
        uint32_t offset : 12, writers : 20;
        uint32_t readers : 20, partial : 1, transitive : 1, unused : 10;
        uint16_t length;
        uint16_t grantee;
        bool in_use() const { return readers || writers; }
    };
    static_assert(sizeof(Active) == 16);
    static constexpr uint32_t actives_per_page = page_size / sizeof(Active);
    static constexpr uint32_t active_pages = max_frames * entries_per_frame_v1 / actives_per_page;
    static constexpr uint32_t max_status_frames = max_frames * entries_per_frame_v2 / statuses_per_frame;

    uint32_t entries_per_frame() const { return version() == 1 ? entries_per_frame_v1 : entries_per_frame_v2; }
    bool exists(GrantRef reference) const { return reference.value < frame_count_ * entries_per_frame(); }
    GrantEntry entry(GrantRef reference);
    Active& active(GrantRef reference) {
        return active_[reference.value / actives_per_page][reference.value % actives_per_page];
    }
    Status grow_locked(uint32_t frames);
    Status grow_status(uint32_t frames);
    Result<GrantUse> begin_fresh(GrantRef reference, Active& uses, DomId grantee, bool writes, bool whole);
    Result<GrantUse> begin_again(GrantRef reference, Active& uses, DomId grantee, bool writes, bool whole);
    Result<GrantHeader> announce(GrantEntry entry, DomId grantee, bool writes);
    Status hold_frame(Mfn frame, bool writes);
    void free_tables();

    Account& account_;
    const uint32_t frame_limit_;
    const uint8_t max_version_;
    Lock<LockRank::grant_table> lock_;
    std::atomic<uint32_t> version_{1};
    bool dying_ = false;
    uint32_t uses_ = 0;
    uint32_t frame_count_ = 0;
    uint32_t status_count_ = 0;
    uint32_t active_count_ = 0; // pages
    WritableRef frames_[max_frames];
    WritableRef status_[max_status_frames];
    Active* active_[active_pages] = {};
};

} // namespace skerry
