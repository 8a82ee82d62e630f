// SPDX-License-Identifier: MIT
#include "toolstack/cli/commands/attachment.h"
#include "toolstack/cli/commands/commands.h"
#include "toolstack/cli/commands/pipe_bytes.h"
#include "toolstack/cli/terminal.h"
#include "toolstack/cli/text.h"

#include <chrono>
#include <cstdio>
#include <unistd.h>

namespace skerry::cli {
namespace {

constexpr char leave_key = 0x1d;             // Ctrl-]
constexpr const char* end_of_input = "\4\4"; // Ctrl-D for the rest of a line, and for the end
constexpr std::size_t most_per_byte = 2;     // of what is typed; end_of_input is no longer
constexpr auto patience_with_rebuilding = std::chrono::seconds(60);

/// One connection to a console, with this terminal or pipe.
class Attachment {
  public:
    Attachment(Client& client, const Look& look, json::Value params, const RawTerminal& terminal)
        : look_(look), terminal_(terminal), client_(client), call_(client, "console", std::move(params)) {}

    ConsoleEnd run() {
        std::optional<json::Value> answer;
        while (!(answer = call_.take([&](const json::Value& event) { attached(event); },
                                     [&](std::string_view bytes) { show(bytes); }))) {
            const bool listen = attached_ && !input_ended_ && call_.credit() >= most_per_byte;
            if (client_.wait(listen ? STDIN_FILENO : -1)) pass_input();
        }
        if (look_.without_returns) look_.output(line_ends_.rest());
        end_.ended = answer->bool_or("ended", false);
        end_.how = answer->text_or("how", "");
        end_.again = answer->bool_or("again", false);
        return end_;
    }

  private:
    void attached(const json::Value& event) {
        attached_ = true;
        end_.name = event.text_or("name", "");
        if (terminal_.is_terminal() && look_.notes)
            std::fprintf(stderr, "[%s; Ctrl-] leaves]\r\n", harmless(end_.name).c_str());
    }
    void show(std::string_view bytes) {
        look_.output(look_.without_returns ? line_ends_.take(bytes) : std::string(bytes));
    }
    void leave() {
        input_ended_ = true;
        call_.end();
    }
    /// Passes what was typed on.
    void pass_input() {
        char bytes[4096];
        const ssize_t count = ::read(STDIN_FILENO, bytes, std::min(sizeof bytes, call_.credit() / most_per_byte));
        if (count <= 0 && !look_.to_the_end) return leave();
        if (count <= 0) {
            input_ended_ = true;
            return call_.send(end_of_input);
        }
        std::string_view typed(bytes, static_cast<std::size_t>(count));
        if (look_.to_the_end) return call_.send(literal_input(typed));
        const std::size_t leave_at = terminal_.is_terminal() ? typed.find(leave_key) : std::string_view::npos;
        call_.send(typed.substr(0, leave_at));
        if (leave_at != std::string_view::npos) leave();
    }

    const Look& look_;
    const RawTerminal& terminal_;
    Client& client_;
    Client::Call call_;
    ConsoleEnd end_;
    LineEnds line_ends_;
    bool attached_ = false, input_ended_ = false;
};

/// Waits until a guest that is being built again has a console again.
ConsoleEnd attach_again(Session& session, const Look& look, const std::string& name, const RawTerminal& terminal) {
    const auto deadline = std::chrono::steady_clock::now() + patience_with_rebuilding;
    while (true) {
        json::Value params;
        params["domain"] = name;
        try {
            return Attachment(session.client(), look, std::move(params), terminal).run();
        } catch (const protocol::CallError& error) {
            const bool is_building = error.code == "busy" || error.code == "refused";
            if (!is_building || std::chrono::steady_clock::now() > deadline) throw;
        }
        (void)session.client().wait(-1, 100);
    }
}

} // namespace

ConsoleEnd attach(Session& session, const json::Value& domain, const Look& look) {
    json::Value params;
    params["domain"] = domain;
    params["unpause"] = look.unpause;
    const RawTerminal terminal;
    ConsoleEnd end = Attachment(session.client(), look, std::move(params), terminal).run();
    const bool notes = terminal.is_terminal() && look.notes;
    while (end.ended) {
        if (notes) std::fprintf(stderr, "\r\n[%s %s]\r\n", harmless(end.name).c_str(), harmless(end.how).c_str());
        if (!end.again) break;
        end = attach_again(session, look, end.name, terminal);
    }
    if (notes && !end.ended) std::fprintf(stderr, "\r\n[left]\r\n");
    return end;
}

void console(Session& session, const std::string& domain) { (void)attach(session, domain_argument(domain), {}); }

void keyboard(Session& session, const std::string& domain) {
    json::Value params;
    params["domain"] = domain_argument(domain);
    const json::Value result = session.client().call("keyboard", std::move(params));
    print(session.json ? json::write(result, true) + "\n"
                       : harmless(result.text_or("name", "?")) + " has the keyboard of the first serial line\n");
}

} // namespace skerry::cli
