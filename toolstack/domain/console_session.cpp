// SPDX-License-Identifier: MIT
#include "toolstack/domain/console_session.h"

namespace skerry::toolstack {

json::Value ConsoleSession::run(const std::string& guest, Call& call) {
    if (!terminals_.empty() && guest_ != guest)
        throw Failure(code::busy,
                      "console: somebody is attached to " + quoted(guest_) + ", and one guest at a time can be");
    const auto self = terminals_.insert(terminals_.end(), Terminal{call, {}, 0});
    const auto leave = [&] {
        terminals_.erase(self);
        if (!terminals_.empty()) return;
        guest_.clear();
        if (!lost_) platform_.consoles.detach();
    };
    try {
        if (guest_.empty()) {
            guest_ = guest;
            lost_ = false;
            attach(guest);
        }
        json::Value attached;
        attached["event"] = "attached";
        attached["name"] = guest;
        call.event(attached);
        while (true) {
            if (lost_) throw Failure(code::unavailable, "console: the connection to the console domain is lost");
            flush(*self);
            if (call.received()) {
                const std::string typed = call.receive(0);
                if (typed.empty()) break;
                platform_.consoles.input(typed);
            } else {
                call.wait();
            }
        }
    } catch (const Failure&) {
        const bool detach_may_fail = lost_;
        try {
            leave();
        } catch (const Failure&) {
            if (!detach_may_fail) platform_.log.note("console: cannot detach from " + quoted(guest));
        }
        throw;
    }
    const std::uint64_t missed = self->missed;
    leave();
    json::Value value;
    value["name"] = guest;
    value["missed"] = missed;
    return value;
}

void ConsoleSession::attach(const std::string& guest) {
    try {
        platform_.consoles.attach(
            guest, [this](std::string_view bytes) { output(bytes); }, [this] { lost(); });
    } catch (const Failure&) {
        lost(); // other terminals that came meanwhile wait for the same guest
        throw;
    }
}

void ConsoleSession::output(std::string_view bytes) {
    for (Terminal& terminal : terminals_) {
        if (terminal.waiting.size() + bytes.size() <= most_waiting)
            terminal.waiting += bytes;
        else
            terminal.missed += bytes.size();
        terminal.call.nudge();
    }
}

void ConsoleSession::flush(Terminal& terminal) {
    terminal.waiting.erase(0, terminal.call.send(terminal.waiting));
    if (!terminal.waiting.empty() || terminal.missed == 0) return;
    const std::string note = "\r\n[" + std::to_string(terminal.missed) + " bytes missed; see the log]\r\n";
    if (terminal.call.send(note) == note.size()) terminal.missed = 0;
}

void ConsoleSession::lost() {
    lost_ = true;
    for (Terminal& terminal : terminals_) terminal.call.nudge();
}

} // namespace skerry::toolstack
