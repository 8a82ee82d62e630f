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

    Client& client() {
        if (!client_) client_ = std::make_unique<Client>(socket, patience_ms);
        return *client_;
    }

  private:
    std::unique_ptr<Client> client_;
};

} // namespace skerry::cli
