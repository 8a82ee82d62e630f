// SPDX-License-Identifier: MIT
// The parts of memory_op that change a domain's reservation.
#pragma once

#include "hypercalls/caller.h"

#include <xen/memory.h>

namespace skerry {

// The operation word of memory_op: a continued call has its progress above the command.
inline constexpr unsigned extent_shift = 6; // MEMOP_EXTENT_SHIFT
inline constexpr uint32_t operation_mask = (1u << extent_shift) - 1;

// XENMEM_increase_reservation, decrease_reservation, populate_physmap. A refusal in the middle is not an error: the
// number of extents done says how far it went.
HypercallResult change_reservation(Caller& caller, uint32_t operation, const xen_memory_reservation& request);

// XENMEM_exchange: gives up some extents and gets others (contiguous, or below an address width) for them, all or
// nothing of each chunk. `progress` is where the guest's request counts the extents exchanged.
HypercallResult exchange_memory(Caller& caller, GuestHandle<xen_ulong_t> progress, const xen_memory_exchange& request);

} // namespace skerry
