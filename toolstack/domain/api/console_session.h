// SPDX-License-Identifier: MIT
// Terminals of operators on consoles of guests. A guest may have several: each sees its output, and what any of them types
// goes in. A terminal that does not take its output misses some, and is told; it never holds up others or the guest.
#pragma once

#include "toolstack/domain/api/call.h"
#include "toolstack/domain/guests/guest.h"

#include <list>
#include <map>
#include <memory>

namespace skerry::toolstack {

class ConsoleSessions {
  public:
    explicit ConsoleSessions(Platform& platform) : platform_(platform) {}

    /// Until the client ends its side, or the guest is gone or has another name: then the result's `ended` is true.
    /// `attached` is called when nothing that the guest writes is missed any more. Throws `unavailable` when the console
    /// domain goes, `cancelled`.
    json::Value run(const std::string& guest, Call& call, const std::function<void()>& attached);

  private:
    struct Terminal {
        Call& call;
        std::string waiting; ///< output that its client has no credit for
        std::uint64_t missed = 0;
    };
    /// The terminals of one guest.
    struct Session {
        std::list<Terminal> terminals;
        bool lost = false, ended = false;
        void output(std::string_view bytes);
        void nudge();
    };
    using SessionPointer = std::shared_ptr<Session>;

    void attach(const std::string& guest, const SessionPointer& session);
    void leave(const std::string& guest, const SessionPointer& session, std::list<Terminal>::iterator terminal);
    void end(const std::string& guest, const SessionPointer& session, bool Session::*how);
    void pass(const std::string& guest, Session& session, Terminal& terminal);
    static void flush(Terminal& terminal);

    static constexpr std::size_t most_waiting = 64 << 10;

    Platform& platform_;
    std::map<std::string, SessionPointer> sessions_; ///< by the guest's name
};

} // namespace skerry::toolstack
