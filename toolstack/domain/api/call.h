// SPDX-License-Identifier: MIT
// One call of a client, as the methods of the API see it: what goes back before the answer, and streams of bytes both
// ways. Used with the monitor held; what waits gives it up meanwhile.
#pragma once

#include "toolstack/domain/base/failure.h"

#include <optional>

namespace skerry::toolstack {

class Call {
  public:
    virtual ~Call() = default;
    virtual void event(const json::Value& event) = 0;
    /// Waits for bytes from the client and takes all that came; empty: it has ended its side. Throws Failure
    /// `cancelled` when the client went away, `timed-out` after `deadline_ns` (0: never).
    virtual std::string receive(std::uint64_t deadline_ns) = 0;
    /// Sends what the client's credit allows, without waiting; how many bytes.
    virtual std::size_t send(std::string_view bytes) = 0;
    /// Ends wait() from elsewhere.
    virtual void nudge() = 0;
    /// Waits until the client sent something, gave credit, ended its side or went away, or for nudge(). Throws
    /// `cancelled`.
    virtual void wait() = 0;
    /// As wait(), but until `deadline_ns` at the latest, and not for what the client sends.
    virtual void pause_until(std::uint64_t deadline_ns) = 0;
    /// Throws `cancelled` when the client went away.
    virtual void check() const {}
    /// When the request had come, by the Clock; 0: who knows.
    virtual std::uint64_t asked_ns() const { return 0; }
    virtual bool received() const = 0; ///< receive() would not wait
};

} // namespace skerry::toolstack
