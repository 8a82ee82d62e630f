// SPDX-License-Identifier: MIT
// The first domain's initial page tables, written while nothing uses them yet; pv_mmu validates them like any guest's.
#pragma once

#include "boot/first_domain_layout.h"
#include "boot/first_domain_memory.h"

namespace skerry {

// Returns the frame of the L4.
Mfn build_first_domain_tables(const FirstDomainLayout& layout, const FirstDomainMemory& memory);

} // namespace skerry
