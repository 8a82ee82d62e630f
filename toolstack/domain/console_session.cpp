// SPDX-License-Identifier: MIT
#include "toolstack/domain/console_session.h"

namespace skerry::toolstack {

json::Value ConsoleSessions::run(const std::string& guest, Call& call) {
    const SessionPointer present = sessions_.contains(guest) ? sessions_[guest] : nullptr;
    const SessionPointer session = present != nullptr ? present : std::make_shared<Session>();
    const auto terminal = session->terminals.insert(session->terminals.end(), Terminal{call, {}, 0});
    std::uint64_t missed = 0;
    try {
        if (present == nullptr) attach(guest, session);
        json::Value attached;
        attached["event"] = "attached";
        attached["name"] = guest;
        call.event(attached);
        pass(guest, *session, *terminal);
        missed = terminal->missed;
    } catch (const Failure&) {
        leave(guest, session, terminal);
        throw;
    }
    leave(guest, session, terminal);
    json::Value value;
    value["name"] = guest;
    value["missed"] = missed;
    return value;
}

void ConsoleSessions::attach(const std::string& guest, const SessionPointer& session) {
    sessions_[guest] = session;
    const auto lose = [this, guest, session] {
        session->lose();
        if (const auto found = sessions_.find(guest); found != sessions_.end() && found->second == session)
            sessions_.erase(found); // who comes now attaches anew
    };
    try {
        platform_.consoles.attach(
            guest, [session](std::string_view bytes) { session->output(bytes); }, lose);
    } catch (const Failure&) {
        lose(); // others that came meanwhile wait for the same
        throw;
    }
}

void ConsoleSessions::pass(const std::string& guest, Session& session, Terminal& terminal) {
    while (true) {
        if (session.lost) throw Failure(code::unavailable, "console: the connection to the console domain is lost");
        flush(terminal);
        if (!terminal.call.received()) {
            terminal.call.wait();
            continue;
        }
        const std::string typed = terminal.call.receive(0);
        if (typed.empty()) return;
        platform_.consoles.input(guest, typed);
    }
}

void ConsoleSessions::leave(const std::string& guest, const SessionPointer& session,
                            std::list<Terminal>::iterator terminal) {
    session->terminals.erase(terminal);
    const auto found = sessions_.find(guest);
    if (!session->terminals.empty() || found == sessions_.end() || found->second != session) return;
    sessions_.erase(found);
    if (session->lost) return;
    try {
        platform_.consoles.detach(guest);
    } catch (const Failure& failure) {
        platform_.log.note("console: detaching from " + quoted(guest) + ": " + failure.what());
    }
}

void ConsoleSessions::Session::output(std::string_view bytes) {
    for (Terminal& terminal : terminals) {
        if (terminal.waiting.size() + bytes.size() <= most_waiting)
            terminal.waiting += bytes;
        else
            terminal.missed += bytes.size();
        terminal.call.nudge();
    }
}

void ConsoleSessions::Session::lose() {
    lost = true;
    for (Terminal& terminal : terminals) terminal.call.nudge();
}

void ConsoleSessions::flush(Terminal& terminal) {
    terminal.waiting.erase(0, terminal.call.send(terminal.waiting));
    if (!terminal.waiting.empty() || terminal.missed == 0) return;
    const std::string note = "\r\n[" + std::to_string(terminal.missed) + " bytes missed; see the log]\r\n";
    if (terminal.call.send(note) == note.size()) terminal.missed = 0;
}

} // namespace skerry::toolstack
