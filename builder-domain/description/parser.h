// SPDX-License-Identifier: MIT
// Reads a platform description (format: docs/platform-description.md). A file either describes a platform without a
// doubt or is refused with `line N: what`: unknown keys, repeated keys, missing keys and dangling names are errors.
#pragma once

#include "builder-domain/base/result.h"
#include "builder-domain/description/description.h"

namespace skerry::builder {

// Fills `description`, which is large and therefore the caller's. `text` must outlive it. `known`: domains outside the
// text that may be named as services in it.
Status parse_description(std::string_view text, PlatformDescription& description,
                         std::span<const std::string_view> known = {});

} // namespace skerry::builder
