// SPDX-License-Identifier: MIT
// Sets of physical CPUs as xl writes them: "all", "0-3,6", "0-7,^2" (without 2).
#pragma once

#include "toolstack/domain/parts/hypervisor.h"

namespace skerry::toolstack {

/// Throws Failure(bad_request) that says what is wrong with `text`. An empty set is wrong.
CpuSet parse_cpu_set(std::string_view text);
/// "0-3,6"; "all" for the set of all; "-" for an empty one.
std::string cpu_set_text(const CpuSet& set);

} // namespace skerry::toolstack
