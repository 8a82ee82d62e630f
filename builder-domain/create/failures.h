// SPDX-License-Identifier: MIT
// Turns the result of a hypercall into a Status: "STEP: ENOMEM".
#pragma once

#include "builder-domain/base/result.h"

#include <minios/types.h>

namespace skerry::builder {

inline Status check(long result, std::string_view step) {
    if (result >= 0) return {};
    return Failure() << step << ": " << minios::error_name(minios::error_of(result)) << " (" << -result << ")";
}

} // namespace skerry::builder
