// SPDX-License-Identifier: MIT
// The grant operations that touch other domains' frames, one structure of the guest's array each. They answer in the
// structure's status field (GNTST_*), so only restart and bad_address end the call.
#pragma once

#include "hypercalls/caller.h"
#include "hypercalls/handles.h"

#include <xen/grant_table.h>

namespace skerry {

// Why a grant operation did not happen, as its structure says it.
int16_t grant_status(Error error);

// GNTTABOP_map_grant_ref. Errors: restart.
Status map_grant(Caller& caller, gnttab_map_grant_ref_t& request);

// GNTTABOP_copy. Everything is an answer.
void copy_grant(Caller& caller, gnttab_copy_t& request);

// Unmapping in bulk: entries go one by one, one flush pays for all, and only then the frames and uses are given back.
class GrantUnmapper : NonCopyable {
  public:
    static constexpr unsigned most = 32;

    explicit GrantUnmapper(Caller& caller) : caller_(caller) {}
    ~GrantUnmapper() { finish(); }
    bool is_full() const { return count_ == most; }
    // GNTTABOP_unmap_grant_ref; GNTTABOP_unmap_and_replace. Errors: restart.
    Status unmap(gnttab_unmap_grant_ref_t& request);
    Status unmap_and_replace(gnttab_unmap_and_replace_t& request);
    void finish();

  private:
    template <typename RemoveEntry> Result<int16_t> end(uint32_t handle, bool has_address, RemoveEntry&& remove_entry);

    Caller& caller_;
    FlushDebt debt_;
    unsigned count_ = 0;
    struct {
        uint32_t handle;
        GrantMapping mapping;
    } ended_[most];
};

} // namespace skerry
