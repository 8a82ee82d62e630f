// SPDX-License-Identifier: MIT
// The grants of others that one domain has mapped: a handle for each mapping (grant_handle_t), which is what unmapping
// names.
//
// Each entry stands for a begun use in the granter's table and a reference to the frame. Lock: LockRank::maptrack,
// inside.
#pragma once

#include "memory/allocator.h"

namespace skerry {

struct GrantMapping {
    uint32_t frame; // machine frame number; the frame table's numbers fit
    uint32_t reference;
    uint16_t granter;
    bool writes;
    bool host_mapped;   // an entry of a page table maps it
    bool device_mapped; // a device may use it
    bool in_use;        // false: free, or being unmapped
};
static_assert(sizeof(GrantMapping) == 16);

class Maptrack : NonCopyable {
  public:
    static constexpr uint32_t max_pages = 1024;

    // `pages`: the most that the table may grow to.
    Maptrack(Account& account, uint32_t pages)
        : account_(account), page_limit_(pages < max_pages ? pages : max_pages) {}

    // A handle that names nothing yet: for put() or free(). Errors: no_space, no_memory.
    Result<uint32_t> reserve() {
        Holding held(lock_);
        if (free_ == no_handle) TRY(grow());
        return std::exchange(free_, at(free_).reference);
    }
    // From now on, or again since it could not be ended, the handle names the mapping. Nobody else touches it before.
    void put(uint32_t handle, GrantMapping mapping) {
        mapping.in_use = false;
        at(handle) = mapping;
        __atomic_store_n(&at(handle).in_use, true, __ATOMIC_RELEASE);
    }
    // Takes the mapping out, for the caller to end; nobody else gets it. Errors: not_found (no such handle).
    Result<GrantMapping> take(uint32_t handle) {
        Holding held(lock_);
        if (!exists(handle) || !std::exchange(at(handle).in_use, false)) return Error::not_found;
        return at(handle);
    }
    // The handle may be used for another mapping.
    void free(uint32_t handle) {
        Holding held(lock_);
        at(handle).reference = free_;
        free_ = handle;
    }

    // Teardown: any mapping that is left. not_found when there is none.
    Result<GrantMapping> take_any() {
        Holding held(lock_);
        for (; sweep_ < page_count_ * per_page; ++sweep_)
            if (std::exchange(at(sweep_).in_use, false)) return at(sweep_);
        return Error::not_found;
    }
    void free_tables() {
        Holding held(lock_);
        for (; page_count_ > 0; --page_count_) free_core_pages(account_, pages_[page_count_ - 1]);
        free_ = no_handle;
    }

  private:
    static constexpr uint32_t per_page = page_size / sizeof(GrantMapping);
    static constexpr uint32_t no_handle = ~uint32_t{0};

    GrantMapping& at(uint32_t handle) { return pages_[handle / per_page][handle % per_page]; }
    bool exists(uint32_t handle) const { return handle < page_count_ * per_page; }
    Status grow() {
        if (page_count_ == page_limit_) return Error::no_space;
        auto* page = static_cast<GrantMapping*>(allocate_core_pages(account_));
        if (!page) return Error::no_memory;
        pages_[page_count_] = page;
        for (uint32_t i = per_page; i-- > 0;) {
            page[i].reference = free_;
            free_ = page_count_ * per_page + i;
        }
        ++page_count_;
        return success;
    }

    Account& account_;
    const uint32_t page_limit_;
    Lock<LockRank::maptrack> lock_;
    uint32_t free_ = no_handle; // list through `reference` of free entries
    uint32_t page_count_ = 0;
    uint32_t sweep_ = 0; // progress of take_any
    GrantMapping* pages_[max_pages] = {};
};

} // namespace skerry
