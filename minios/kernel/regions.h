// SPDX-License-Identifier: MIT
// Regions for the kernel's own use: those that lie elsewhere than mappings do.
#pragma once

#include <minios/regions.h>

#include "internal.h"

namespace minios::regions {

/// unmap(), wherever it lies.
Result<void> remove_within(void* first, std::size_t size);
/// Gives every page of [first, end), which is one writable private region, a frame at once. Does not clear them.
bool commit(std::uint64_t first, std::uint64_t end);
/// The page fault was a touch of a region that could be satisfied.
bool page_fault(std::uint64_t address, bool write, bool present);
/// Why it could not; nullptr when there is nothing to say.
const char* explain(std::uint64_t address, bool write);

/// As map(), between `from` and `to`, and if it may be anywhere, preferably from `first_choice` on.
Result<void*> map_within(const Request& request, std::uint64_t from, std::uint64_t to, std::uint64_t first_choice);

} // namespace minios::regions
