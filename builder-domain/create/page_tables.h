// SPDX-License-Identifier: MIT
// Writes a new domain's first page tables, as its layout plans them, into its own pages. All of the mapped region is
// writable but the page tables themselves, which are read-only as the ABI demands; what lies beyond the domain's memory
// is left out.
#pragma once

#include "builder-domain/create/guest_memory.h"

namespace skerry::builder {

Status write_page_tables(GuestMemory& memory, const Layout& layout);

} // namespace skerry::builder
