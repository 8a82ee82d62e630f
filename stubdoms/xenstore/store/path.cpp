// SPDX-License-Identifier: MIT
#include "path.h"

namespace skerry::xenstore {

namespace {

constexpr bool is_path_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '/' ||
           c == '_' || c == '@';
}

/// Characters and components, for a text that is not "/".
bool is_well_formed(std::string_view text) {
    char before = 0;
    for (const char c : text) {
        if (!is_path_character(c) || (c == '/' && before == '/')) return false;
        before = c;
    }
    return before != '/' && before != 0;
}

} // namespace

std::string home_of(DomainId domain) { return "/local/domain/" + std::to_string(domain); }

std::size_t length_in_home(std::string_view path) {
    constexpr std::string_view homes = "/local/domain/";
    constexpr std::size_t most_digits = 5;
    if (!path.starts_with(homes)) return path.size();
    std::size_t end = homes.size();
    while (end < path.size() && end < homes.size() + most_digits && path[end] >= '0' && path[end] <= '9') ++end;
    const bool in_home = end > homes.size() && end < path.size() && path[end] == '/';
    return path.size() - (in_home ? end + 1 : 0);
}

bool is_special(std::string_view text) { return !text.empty() && text.front() == '@'; }

bool is_valid_special(std::string_view text) { return text.size() <= longest_relative_path && is_well_formed(text); }

Error make_path(std::string_view text, DomainId domain, std::string& path) {
    if (text.empty()) return Error::invalid;
    if (text == "/") {
        path = text;
        return Error::none;
    }
    const bool relative = text.front() != '/';
    if (text.size() > (relative ? longest_relative_path : longest_path) || is_special(text) || !is_well_formed(text))
        return Error::invalid;
    if (relative) {
        path = home_of(domain);
        path += '/';
        path += text;
    } else {
        path = text;
    }
    return Error::none;
}

bool parse_number(std::string_view text, std::uint64_t most, std::uint64_t& value) {
    if (text.empty()) return false;
    std::uint64_t number = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return false;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (number > (most - digit) / 10) return false;
        number = number * 10 + digit;
    }
    value = number;
    return true;
}

std::size_t Components::count() const {
    if (path_.empty()) return 0;
    std::size_t slashes = 0;
    for (const char c : path_) slashes += c == '/';
    return slashes + 1;
}

} // namespace skerry::xenstore
