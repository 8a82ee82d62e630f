// SPDX-License-Identifier: MIT
// Terminals of operators on consoles of guests. The console domain attaches one guest at a time, so all terminals that
// are open at once are on the same guest; each sees its output, and what any of them types goes in. A terminal that does
// not take its output misses some, and is told; it never holds up others or the guest.
#pragma once

#include "toolstack/domain/call.h"
#include "toolstack/domain/guest.h"

#include <list>

namespace skerry::toolstack {

class ConsoleSession {
  public:
    explicit ConsoleSession(Platform& platform) : platform_(platform) {}

    /// Until the client ends its side. Throws `busy` when somebody is attached to another guest, `unavailable` when the
    /// console domain goes, `cancelled`.
    json::Value run(const std::string& guest, Call& call);

  private:
    struct Terminal {
        Call& call;
        std::string waiting; ///< output that its client has no credit for
        std::uint64_t missed = 0;
    };
    void attach(const std::string& guest);
    void output(std::string_view bytes);
    void flush(Terminal& terminal);
    void lost();

    static constexpr std::size_t most_waiting = 64 << 10;

    Platform& platform_;
    std::string guest_; ///< that is attached; empty: none
    bool lost_ = false;
    std::list<Terminal> terminals_;
};

} // namespace skerry::toolstack
