// SPDX-License-Identifier: MIT
#include "toolstack/cli/commands/commands.h"
#include "toolstack/cli/terminal.h"
#include "toolstack/cli/text.h"

#include <cstdio>
#include <unistd.h>

namespace skerry::cli {
namespace {

constexpr char leave_key = 0x1d; // Ctrl-]

/// Passes what was typed on. False: it is time to leave.
bool pass_input(Client::Call& call, bool terminal) {
    char bytes[4096];
    const ssize_t count = ::read(STDIN_FILENO, bytes, std::min(sizeof bytes, call.credit()));
    if (count <= 0) return false;
    std::string_view typed(bytes, static_cast<std::size_t>(count));
    const std::size_t leave = terminal ? typed.find(leave_key) : std::string_view::npos;
    call.send(typed.substr(0, leave));
    return leave == std::string_view::npos;
}

} // namespace

void console(Session& session, const std::string& domain) {
    json::Value params;
    params["domain"] = domain_argument(domain);
    Client& client = session.client();
    const RawTerminal terminal;
    Client::Call call(client, "console", std::move(params));
    bool attached = false, left = false;
    const auto event = [&](const json::Value&) {
        attached = true;
        if (terminal.is_terminal()) std::fprintf(stderr, "[%s; Ctrl-] leaves]\r\n", domain.c_str());
    };
    while (!call.take(event, [](std::string_view bytes) { print(std::string(bytes)); })) {
        const bool listen = attached && !left && call.credit() > 0;
        if (client.wait(listen ? STDIN_FILENO : -1) && !pass_input(call, terminal.is_terminal())) {
            call.end();
            left = true;
        }
    }
    if (terminal.is_terminal()) std::fprintf(stderr, "\r\n[left]\r\n");
}

} // namespace skerry::cli
