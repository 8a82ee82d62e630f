// SPDX-License-Identifier: MIT
// A complete message of a client, and its payload cut into words.
#pragma once

#include "connection.h"

#include <optional>
#include <string_view>

namespace skerry::xenstore {

struct Request {
    Connection& client;
    Header header;
    std::string_view payload;
    Transaction* transaction = nullptr; ///< the one that header.tx_id names
};

/// Cuts words that end with a zero off the front of a payload.
class Words {
  public:
    explicit Words(std::string_view payload) : rest_(payload) {}
    /// nullopt: there is no further zero.
    std::optional<std::string_view> next() {
        const std::size_t end = rest_.find('\0');
        if (end == rest_.npos) return std::nullopt;
        const std::string_view word = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return word;
    }
    std::string_view rest() const { return rest_; }
    bool done() const { return rest_.empty(); }

  private:
    std::string_view rest_;
};

/// The payload if it is exactly one word.
inline std::optional<std::string_view> only_word(std::string_view payload) {
    Words words(payload);
    const auto word = words.next();
    return word && words.done() ? word : std::nullopt;
}

} // namespace skerry::xenstore
