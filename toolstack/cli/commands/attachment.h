// SPDX-License-Identifier: MIT
// This terminal, or pipe, on a domain's console.
#pragma once

#include "toolstack/cli/session.h"
#include "toolstack/cli/terminal.h"

#include <functional>

namespace skerry::cli {

struct Look {
    bool unpause = false; ///< the domain, once nothing that it writes would be missed
    bool to_the_end =
        false; ///< standard input is a pipe's: each byte means itself, and its end is the domain's to know
    bool without_returns = false; ///< a terminal's line ends are of no use in a pipe
    bool notes = true;            ///< on the terminal: what one is attached to, and how it ended
    std::function<void(const std::string&)> output = print;
};

struct ConsoleEnd {
    std::string name;
    bool ended = false; ///< the domain went, or has another name; else the operator left
    std::string how;    ///< "powered off", "crashed", ...
    bool again = false; ///< while attached: its guest is being built again
};

/// Until the operator leaves, or the guest is gone. Follows a guest that reboots. Throws as Client::call().
ConsoleEnd attach(Session& session, const json::Value& domain, const Look& look);

} // namespace skerry::cli
