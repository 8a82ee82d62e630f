// SPDX-License-Identifier: MIT
// Memory that survives this domain: pages of its builder's, lent to this domain's number, cleared before its first life
// (docs/control-plane.md).
#pragma once

#include <minios/types.h>

#include <cstddef>
#include <span>

namespace minios::backends {

/// Maps the area that the word `state=<domid>:<reference>:<pages>` among `words` names, side by side and writable, for good.
/// Errors: not_found, no such word; invalid, not of that form; those of grants.
Result<std::span<std::byte>> map_state_area(std::span<char* const> words);

} // namespace minios::backends
