// SPDX-License-Identifier: MIT
// The parts of memory_op that change a domain's reservation.
#pragma once

#include "hypercalls/caller.h"

namespace skerry {

struct ReservationResult {
    Status status;         // restart: extents_done says where to go on
    uint32_t extents_done; // of the whole request
};

// XENMEM_increase_reservation, decrease_reservation, populate_physmap. A refusal in the middle is not an error: the
// number of extents done says how far it went.
ReservationResult change_reservation(Caller& caller, uint32_t operation, GuestHandle<void> argument,
                                     uint32_t start_extent);

// XENMEM_exchange: gives up some extents and gets others (contiguous, or below an address width) for them, all or
// nothing of each chunk.
HypercallResult exchange_memory(Caller& caller, GuestHandle<void> argument);

} // namespace skerry
