// SPDX-License-Identifier: MIT
// Clients of a store, without rings: they ask, and hear of events.
#pragma once

#include "stubdoms/xenstore/store/store.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace skerry::xenstore::test {

using namespace std::string_literals;

/// Words, each with its zero.
inline std::string words(std::initializer_list<std::string_view> list) {
    std::string text;
    for (const auto word : list) text.append(word).append(1, '\0');
    return text;
}

struct Reply {
    std::uint32_t type = XS_INVALID;
    std::uint32_t request = 0, transaction = 0;
    std::string payload;
    /// The error's name, or "OK" for everything else.
    std::string outcome() const { return type == XS_ERROR ? payload.substr(0, payload.size() - 1) : "OK"; }
};
struct Event {
    std::string path, token;
    friend auto operator<=>(const Event&, const Event&) = default;
};

std::string message(std::uint32_t type, std::string_view payload, std::uint32_t transaction = 0,
                    std::uint32_t request = 0);

class Clients : public Surroundings {
  public:
    Store store{*this};
    std::map<DomainId, std::vector<Event>> events;
    std::vector<std::pair<DomainId, Quota>> refusals;
    std::vector<DomainId> left;

    /// Domain 0 controls; the others are guests.
    explicit Clients(DomainId guests = 3);

    Reply ask(DomainId domain, std::uint32_t type, std::string_view payload, std::uint32_t transaction = 0);
    std::string outcome(DomainId domain, std::uint32_t type, std::string_view payload, std::uint32_t transaction = 0) {
        return ask(domain, type, payload, transaction).outcome();
    }
    /// The value, or "!" and the error's name.
    std::string read(DomainId domain, std::string_view path, std::uint32_t transaction = 0);
    std::string write(DomainId domain, std::string_view path, std::string_view value, std::uint32_t transaction = 0);
    std::string list(DomainId domain, std::string_view path, std::uint32_t transaction = 0);
    std::string watch(DomainId domain, std::string_view path, std::string_view token);
    std::uint32_t begin(DomainId domain);
    std::string end(DomainId domain, std::uint32_t transaction, bool commit = true);
    std::string allow(DomainId domain, std::string_view path, std::initializer_list<std::string_view> permissions);
    /// Reads all that waits for a domain; the answer if there is one.
    Reply drain(DomainId domain);
    void drain_all();
    std::vector<Event> take_events(DomainId domain);
    std::uint32_t used(std::string_view what, DomainId domain);

    void refused(DomainId domain, Quota quota) override { refusals.emplace_back(domain, quota); }
    void released(DomainId domain) override { left.push_back(domain); }

  private:
    std::uint32_t next_request_ = 1;
};

} // namespace skerry::xenstore::test
