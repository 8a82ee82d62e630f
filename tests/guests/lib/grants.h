// SPDX-License-Identifier: MIT
// The grant table of a tiny guest (version 1) and the operations on grants. ABI: xen/grant_table.h.
#pragma once
#include "lib/hypercall.h"

namespace skerry::guest {

void forget_grant_table(); // in a new peer, whose table is another

// Sets the table up (4 frames) and maps it at window slots 120-123. Null when refused.
grant_entry_v1_t* grant_table();
// Frames of the table as setup_table told them.
uint64_t grant_frame(unsigned index);

void offer(unsigned reference, unsigned dom, uint64_t frame, unsigned flags = 0); // GTF_permit_access is added
bool withdraw(unsigned reference);                                                // false while in use

struct Mapping {
    int status = 1; // GNTST_*
    uint32_t handle = 0;
    uint64_t address = 0;
    uint64_t machine = 0;
};
Mapping map_grant(unsigned dom, unsigned reference, void* at, unsigned flags = GNTMAP_host_map);
int unmap_grant(const Mapping& mapping);
int copy_page(unsigned from_dom, unsigned from_reference, void* to, unsigned length = 4096, unsigned from_offset = 0,
              unsigned to_offset = 0);

} // namespace skerry::guest
