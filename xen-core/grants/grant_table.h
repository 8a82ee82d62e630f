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

#include "arch/x86_64/layout.h"
#include "base/work_budget.h"
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
            return index < count ? Result<Mfn>(frames[index].mfn()) : Error::invalid;
        }
        void* at(uint64_t offset) const {
            return to_pointer<char>(frames[offset / page_size].mfn()) + offset % page_size;
        }
        // By the guest: then a frame has another reference than ours.
        bool are_mapped() const {
            return std::any_of(frames, frames + count,
                               [](const WritableRef& held) { return held.frame().word().references() > 1; });
        }
        void clear() {
            for (uint32_t i = 0; i < count; ++i) memset(to_pointer(frames[i].mfn()), 0, page_size);
        }
        void give_back() {
            for (; count > 0; --count) frames[count - 1] = WritableRef();
        }
    };

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
    Status grow_locked(uint32_t frames);
    Status grow_status(uint32_t frames);
    Status begin_first(GrantRef reference, Active& uses, DomId grantee, bool writes);
    Status begin_another(GrantRef reference, const Active& uses, DomId grantee, bool writes);
    Result<GrantHeader> announce(GrantEntry entry, DomId grantee, bool writes);
    void withdraw_unused(GrantRef reference, const Active& uses);
    Status hold_frame(Mfn frame, bool writes);
    void free_actives();

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
