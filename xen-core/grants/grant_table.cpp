// SPDX-License-Identifier: MIT
#include "grants/grant_table.h"

#include "arch/x86_64/direct_map.h"
#include "memory/frame_table.h"

#include <string.h>

namespace skerry {

uint32_t GrantTable::frame_count() {
    Holding held(lock_);
    return frame_count_;
}

uint32_t GrantTable::status_frame_count() {
    Holding held(lock_);
    return version() == 2 ? status_count_ : 0;
}

Status GrantTable::grow(uint32_t frames) {
    Holding held(lock_);
    return grow_locked(frames);
}

// Version 1 has the most entries a frame: the active pages are sized for it, so that a change of version needs none.
Status GrantTable::grow_locked(uint32_t frames) {
    if (frames > frame_limit_ || dying_) return Error::invalid;
    while (frame_count_ < frames) {
        uint32_t pages = (frame_count_ + 1) * (entries_per_frame_v1 / actives_per_page);
        for (; active_count_ < pages; ++active_count_) {
            active_[active_count_] = static_cast<Active*>(allocate_core_pages(account_));
            if (!active_[active_count_]) return Error::no_memory;
        }
        if (version() == 2) TRY_STATUS(grow_status(frame_count_ + 1));
        frames_[frame_count_] = TRY(allocator.allocate_shared(account_));
        ++frame_count_;
    }
    return success;
}

Status GrantTable::grow_status(uint32_t frames) {
    uint32_t wanted = (frames * entries_per_frame_v2 + statuses_per_frame - 1) / statuses_per_frame;
    for (; status_count_ < wanted; ++status_count_) status_[status_count_] = TRY(allocator.allocate_shared(account_));
    return success;
}

Result<Mfn> GrantTable::shared_frame(uint32_t index) {
    Holding held(lock_);
    if (index >= frame_count_) return Error::invalid;
    return frames_[index].mfn();
}

Result<Mfn> GrantTable::status_frame(uint32_t index) {
    Holding held(lock_);
    if (version() != 2 || index >= status_count_) return Error::invalid;
    return status_[index].mfn();
}

GrantEntry GrantTable::entry(GrantRef reference) {
    if (version() == 1) {
        auto* table = to_pointer<grant_entry_v1_t>(frames_[reference.value / entries_per_frame_v1].mfn());
        return table + reference.value % entries_per_frame_v1;
    }
    auto* table = to_pointer<grant_entry_v2_t>(frames_[reference.value / entries_per_frame_v2].mfn());
    auto* statuses = to_pointer<grant_status_t>(status_[reference.value / statuses_per_frame].mfn());
    return {table + reference.value % entries_per_frame_v2, statuses + reference.value % statuses_per_frame};
}

// The reserved entries (console, xenstore) survive a change of version; everything else starts empty.
Status GrantTable::set_version(uint32_t wanted) {
    if (wanted != 1 && wanted != 2) return Error::invalid;
    if (wanted > max_version_) return Error::not_supported;
    Holding held(lock_);
    if (wanted == version()) return success;
    if (uses_ > 0) return Error::busy;
    TRY_STATUS(grow_locked(frame_count_ ? frame_count_ : 1));
    if (wanted == 2) TRY_STATUS(grow_status(frame_count_));
    struct Reserved {
        GrantHeader header;
        Mfn frame;
    } reserved[GNTTAB_NR_RESERVED_ENTRIES];
    for (uint32_t i = 0; i < GNTTAB_NR_RESERVED_ENTRIES; ++i)
        reserved[i] = {entry(GrantRef(i)).header(), entry(GrantRef(i)).frame()};
    for (uint32_t i = 0; i < frame_count_; ++i) memset(to_pointer(frames_[i].mfn()), 0, page_size);
    for (uint32_t i = 0; i < status_count_; ++i) memset(to_pointer(status_[i].mfn()), 0, page_size);
    version_.store(wanted, std::memory_order_relaxed);
    constexpr uint16_t kept_flags = GTF_type_mask | GTF_readonly;
    for (uint32_t i = 0; i < GNTTAB_NR_RESERVED_ENTRIES; ++i) {
        uint16_t flags = reserved[i].header.flags() & kept_flags;
        domid_t grantee = reserved[i].header.grantee().value;
        if ((flags & GTF_type_mask) != GTF_permit_access) continue;
        if (wanted == 1)
            to_pointer<grant_entry_v1_t>(frames_[0].mfn())[i] = {flags, grantee,
                                                                 static_cast<uint32_t>(reserved[i].frame.value)};
        else
            to_pointer<grant_entry_v2_t>(frames_[0].mfn())[i].full_page = {
                {flags, grantee}, 0, reserved[i].frame.value};
    }
    return success;
}

Status GrantTable::swap(GrantRef a, GrantRef b) {
    Holding held(lock_);
    if (!exists(a) || !exists(b)) return Error::not_found;
    if (active(a).in_use() || active(b).in_use()) return Error::try_again;
    if (version() == 1) {
        auto at = [&](GrantRef r) -> grant_entry_v1_t& {
            return to_pointer<grant_entry_v1_t>(
                frames_[r.value / entries_per_frame_v1].mfn())[r.value % entries_per_frame_v1];
        };
        std::swap(at(a), at(b));
    } else {
        auto at = [&](GrantRef r) -> grant_entry_v2_t& {
            return to_pointer<grant_entry_v2_t>(
                frames_[r.value / entries_per_frame_v2].mfn())[r.value % entries_per_frame_v2];
        };
        std::swap(at(a), at(b));
    }
    return success;
}

Status GrantTable::tear_down(WorkBudget&) {
    Holding held(lock_);
    if (dying_) return success;
    dying_ = true;
    for (uint32_t i = 0; i < frame_count_; ++i) frames_[i] = WritableRef();
    for (uint32_t i = 0; i < status_count_; ++i) status_[i] = WritableRef();
    frame_count_ = status_count_ = 0;
    if (uses_ == 0) free_tables();
    return success;
}

void GrantTable::free_tables() {
    for (; active_count_ > 0; --active_count_) free_core_pages(account_, active_[active_count_ - 1]);
}

} // namespace skerry
