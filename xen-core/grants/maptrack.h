// SPDX-License-Identifier: MIT
// The grants of others that one domain has mapped: a handle for each mapping (grant_handle_t), which is what unmapping
// names.
//
// Each entry stands for a begun use in the granter's table and a reference to the frame. Lock: LockRank::maptrack,
// inside.
#pragma once

#include "base/lock.h"
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
    uint8_t unused[2];
};
static_assert(sizeof(GrantMapping) == 16);

class Maptrack : NonCopyable {
  public:
    static constexpr uint32_t max_pages = 1024;

    // `pages`: the most that the table may grow to.
    Maptrack(Account& account, uint32_t pages)
        : account_(account), page_limit_(pages < max_pages ? pages : max_pages) {}

    // Errors: no_space, no_memory.
    Result<uint32_t> add(const GrantMapping& mapping);
    // Takes the mapping out, for the caller to end; nobody else gets it. Errors: not_found (no such handle).
    Result<GrantMapping> take(uint32_t handle);
    // It could not be ended: the handle is valid again.
    void put_back(uint32_t handle, const GrantMapping& mapping);
    // The handle may be used for another mapping.
    void free(uint32_t handle);

    // Teardown: any mapping that is left. not_found when there is none.
    Result<GrantMapping> take_any();
    void free_tables();

  private:
    static constexpr uint32_t per_page = page_size / sizeof(GrantMapping);
    static constexpr uint32_t no_handle = ~uint32_t{0};

    GrantMapping& at(uint32_t handle) { return pages_[handle / per_page][handle % per_page]; }
    bool exists(uint32_t handle) const { return handle < page_count_ * per_page; }
    Status grow();

    Account& account_;
    const uint32_t page_limit_;
    Lock<LockRank::maptrack> lock_;
    uint32_t free_ = no_handle; // list through `reference` of free entries
    uint32_t page_count_ = 0;
    uint32_t sweep_ = 0; // progress of take_any
    GrantMapping* pages_[max_pages] = {};
};

} // namespace skerry
