// SPDX-License-Identifier: MIT
#include "toolstack/domain/api/console_session.h"

namespace skerry::toolstack {

namespace {

constexpr std::uint64_t look_interval = 20 * millisecond; // for room for what was typed

} // namespace

json::Value ConsoleSessions::run(const std::string& guest, Call& call, const std::function<void()>& when_attached) {
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
        when_attached();
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
    value["ended"] = session->ended;
    return value;
}

void ConsoleSessions::attach(const std::string& guest, const SessionPointer& session) {
    sessions_[guest] = session;
    try {
        platform_.consoles.attach(guest, {[session](std::string_view bytes) { session->output(bytes); },
                                          [this, guest, session] { end(guest, session, &Session::ended); },
                                          [this, guest, session] { end(guest, session, &Session::lost); }});
    } catch (const Failure&) {
        end(guest, session, &Session::lost); // others that came meanwhile wait for the same
        throw;
    }
}

void ConsoleSessions::end(const std::string& guest, const SessionPointer& session, bool Session::*how) {
    (*session).*how = true;
    session->nudge();
    if (const auto found = sessions_.find(guest); found != sessions_.end() && found->second == session)
        sessions_.erase(found); // who comes now attaches anew
}

void ConsoleSessions::pass(const std::string& guest, Session& session, Terminal& terminal) {
    std::string typed;
    while (true) {
        if (session.lost) throw Failure(code::unavailable, "console: the connection to the console domain is lost");
        flush(terminal);
        if (session.ended && terminal.waiting.empty()) return;
        if (session.ended) {
            terminal.call.pause_until(0); // for credit
            continue;
        }
        if (!typed.empty()) {
            typed.erase(0, platform_.consoles.input(guest, typed));
            if (!typed.empty()) terminal.call.pause_until(platform_.clock.now_ns() + look_interval);
            continue;
        }
        if (!terminal.call.received()) {
            terminal.call.wait();
            continue;
        }
        typed = terminal.call.receive(0);
        if (typed.empty()) return;
    }
}

void ConsoleSessions::leave(const std::string& guest, const SessionPointer& session,
                            std::list<Terminal>::iterator terminal) {
    session->terminals.erase(terminal);
    const auto found = sessions_.find(guest);
    if (!session->terminals.empty() || found == sessions_.end() || found->second != session) return;
    sessions_.erase(found);
    if (session->lost || session->ended) return;
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

void ConsoleSessions::Session::nudge() {
    for (Terminal& terminal : terminals) terminal.call.nudge();
}

void ConsoleSessions::flush(Terminal& terminal) {
    terminal.waiting.erase(0, terminal.call.send(terminal.waiting));
    if (!terminal.waiting.empty() || terminal.missed == 0) return;
    const std::string note = "\r\n[" + std::to_string(terminal.missed) + " bytes missed; see the log]\r\n";
    if (terminal.call.send(note) == note.size()) terminal.missed = 0;
}

} // namespace skerry::toolstack
