// SPDX-License-Identifier: MIT
#include "settings.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace skerry::xenstore {

namespace {

constexpr std::uint64_t last_domain = 0x7fef;
constexpr std::uint64_t last_port = (1u << 17) - 1;

bool read_quota(std::string_view text, Settings& settings) {
    const std::size_t colon = text.find(':');
    if (colon == text.npos) return false;
    const auto quota = quota_named(text.substr(0, colon));
    std::uint64_t value = 0;
    if (!quota || !parse_number(text.substr(colon + 1), UINT32_MAX, value)) return false;
    settings.quotas.emplace_back(*quota, value);
    return true;
}

} // namespace

Settings read_settings(int count, char** words, const std::function<void(const char*, const char*)>& complain) {
    Settings settings;
    std::vector<const char*> control;
    std::map<std::string, DomainId, std::less<>> known;
    for (int i = 0; i < count; ++i) {
        const std::string_view word = words[i];
        std::uint64_t number = 0;
        char name[minios::backends::GuestAddress::longest_name + 1];
        minios::DomId domain;
        if (word.starts_with("guest=")) {
            minios::backends::GuestAddress address;
            if (minios::backends::parse_guest_address(words[i] + 6, address))
                settings.guests.push_back(address);
            else
                complain(words[i], "expected guest=<domid>:<port>:<name>");
        } else if (word.starts_with("control=")) {
            control.push_back(words[i]);
        } else if (word.starts_with("quota=")) {
            if (!read_quota(word.substr(6), settings)) complain(words[i], "expected quota=<name>:<value>");
        } else if (word.starts_with("builder=") && parse_number(word.substr(8), last_port, number)) {
            settings.builder_port = static_cast<std::uint32_t>(number);
        } else if (minios::backends::parse_known_domain(words[i], domain, name)) {
            known[name] = domain.value;
        } else if (!word.starts_with("state=")) { // that one is main's
            complain(words[i], "not understood");
        }
    }
    // A name stands for a guest, or a domain that we know, wherever in the line it is.
    for (const char* word : control) {
        const std::string_view who = word + 8;
        std::uint64_t number = 0;
        bool found = parse_number(who, last_domain, number);
        if (found) settings.control.insert(static_cast<DomainId>(number));
        for (const auto& guest : settings.guests) known.emplace(guest.name, guest.domain.value);
        if (const auto named = known.find(who); !found && named != known.end()) {
            settings.control.insert(named->second);
            found = true;
        }
        if (!found) complain(word, "names no guest");
    }
    return settings;
}

} // namespace skerry::xenstore
