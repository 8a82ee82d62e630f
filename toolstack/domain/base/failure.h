// SPDX-License-Identifier: MIT
// How the toolstack says no: protocol::CallError with one of these codes. docs/api.md says what each means.
#pragma once

#include "toolstack/protocol/message.h"

namespace skerry::toolstack {

using Failure = protocol::CallError;

namespace code {
inline constexpr const char *bad_request = "bad-request", *not_found = "not-found", *exists = "exists", *busy = "busy",
                            *refused = "refused", *no_memory = "no-memory", *unsupported = "unsupported",
                            *unavailable = "unavailable", *timed_out = "timed-out", *cancelled = "cancelled",
                            *internal = "internal";
}

/// "a `b` c": how names stand in messages.
inline std::string quoted(std::string_view name) { return "`" + std::string(name) + "`"; }

} // namespace skerry::toolstack
