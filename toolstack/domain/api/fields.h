// SPDX-License-Identifier: MIT
// Takes an object of parameters apart: each member is asked for by name and kind, and what nobody asked for is an error
// too. All functions throw Failure(bad_request) that names the member.
#pragma once

#include "toolstack/domain/base/failure.h"

#include <optional>
#include <set>

namespace skerry::toolstack {

class Fields {
  public:
    /// `what` stands in messages: "create". The object must outlive this.
    Fields(const json::Value& object, std::string what);

    std::string string(std::string_view key, std::size_t longest = 4096);
    std::optional<std::string> optional_string(std::string_view key, std::size_t longest = 4096);
    std::int64_t integer(std::string_view key, std::int64_t least, std::int64_t most);
    std::optional<std::int64_t> optional_integer(std::string_view key, std::int64_t least, std::int64_t most);
    bool boolean(std::string_view key, bool otherwise);
    /// A string, or an array of strings.
    std::vector<std::string> strings(std::string_view key);
    /// Of any kind; nullptr: missing or null.
    const json::Value* any(std::string_view key);

    /// To be called last: refuses members that were not asked for.
    void done() const;
    [[noreturn]] void wrong(std::string_view key, const std::string& why) const;

  private:
    const json::Value& object_;
    std::string what_;
    std::set<std::string, std::less<>> known_;
};

} // namespace skerry::toolstack
