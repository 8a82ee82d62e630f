// SPDX-License-Identifier: MIT
#include "toolstack/cli/session.h"

namespace skerry::cli {
namespace {

constexpr int most_tries = 5;

} // namespace

Client& Session::client() {
    if (!client_) client_ = std::make_unique<Client>(socket, patience_ms);
    return *client_;
}

json::Value Session::look(std::string_view method, const json::Value& params) {
    for (int left = most_tries; true; --left) {
        try {
            return client().call(method, params);
        } catch (const Interrupted&) {
            if (left == 0) throw;
            client_.reset(); // and greet again: that waits until a toolstack is there
        } catch (const protocol::CallError& error) {
            if (left == 0 || error.code != "unavailable") throw;
        }
    }
}

} // namespace skerry::cli
