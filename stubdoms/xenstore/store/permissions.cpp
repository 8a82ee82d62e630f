// SPDX-License-Identifier: MIT
#include "permissions.h"

namespace skerry::xenstore {

namespace {

constexpr char letters[] = "nrwb"; // by the value of Access
constexpr DomainId last_domain = 0x7fef;

} // namespace

bool parse_permission(std::string_view text, Permission& permission) {
    const std::size_t access = text.empty() ? 4 : std::string_view(letters).find(text.front());
    std::uint64_t domain = 0;
    if (access >= 4 || !parse_number(text.substr(1), last_domain, domain)) return false;
    permission = {static_cast<DomainId>(domain), static_cast<Access>(access)};
    return true;
}

std::string text_of(const Permissions& permissions) {
    std::string text;
    for (const Permission& entry : permissions) {
        text += letters[static_cast<unsigned>(entry.access)];
        text.append(std::to_string(entry.domain)).append(1, '\0');
    }
    return text;
}

} // namespace skerry::xenstore
