// SPDX-License-Identifier: MIT
// What all commands share: the connection, made when the first call needs it, and how results are shown.
#pragma once

#include "toolstack/cli/client.h"

#include <memory>

namespace skerry::cli {

class Session {
  public:
    std::string socket; ///< SKERRY_SOCKET, or build/run/skerry.sock
    bool json = false;  ///< results as JSON
    bool quiet = false; ///< no progress
    int patience_ms = 15000;
    int status = 0; ///< what the command is to end with, if all goes well

    Client& client();
    /// A call that only looks: made again when the toolstack, or who it asks, was restarted in the middle.
    json::Value look(std::string_view method, const json::Value& params);

  private:
    std::unique_ptr<Client> client_;
};

} // namespace skerry::cli
