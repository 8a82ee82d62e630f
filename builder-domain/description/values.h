// SPDX-License-Identifier: MIT
// Reads the values that a platform description may hold. Each returns nothing when the text is not exactly such a
// value.
#pragma once

#include "builder-domain/description/description.h"

namespace skerry::builder {

std::string_view trim(std::string_view text);

// Removes and returns what stands before the next `separator` (or all), trimmed.
std::string_view take_part(std::string_view& text, char separator);

std::optional<uint64_t> read_number(std::string_view text); // 12 or 0x3f8
std::optional<uint64_t> read_pages(std::string_view text);  // 4096K, 512M, 1G: in pages of 4 KiB, none if not whole
std::optional<bool> read_flag(std::string_view text);       // yes or no
std::optional<Policy> read_policy(std::string_view text);
std::optional<Range> read_range(std::string_view text, uint64_t limit); // 4 or 0x3f8-0x3ff; nothing above `limit`

// A name of a domain, module or right: letters, digits and ._+-, beginning with a letter or digit.
bool is_name(std::string_view text);

} // namespace skerry::builder
