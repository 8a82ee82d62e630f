// SPDX-License-Identifier: MIT
// xl.cfg(5)'s syntax: settings, one in a line or separated by semicolons.
//   name = "web"          strings in either kind of quotes, with backslash escapes
//   memory = 512          numbers: decimal, 0x hexadecimal or 0 octal
//   disk = [ 'a', 'b', ]  lists, over several lines, within each other
//   extra += " quiet"     adds to a string or a list
//   # comment
// What the settings mean is guest_settings.h's affair.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace skerry::cli {

/// What is wrong, and in which line (from 1; 0: in none).
struct ConfigProblem {
    unsigned line;
    std::string text;
};

struct ConfigError : std::runtime_error {
    ConfigError(unsigned line, const std::string& text) : std::runtime_error(text), line(line) {}
    unsigned line;
};

struct ConfigValue {
    bool is_list = false;
    bool is_number = false; ///< a word without quotes
    std::string text;       ///< a string, or a number as it was written
    std::vector<ConfigValue> elements;
    unsigned line = 0;
};

struct Setting {
    std::string key;
    ConfigValue value;
    unsigned line = 0;
};

struct Config {
    /// Each key once: a later setting takes the place of an earlier one, as in xl.
    std::vector<Setting> settings;
    const Setting* find(std::string_view key) const;
};

inline constexpr std::size_t most_config = 1 << 20, deepest_list = 16;

/// Throws ConfigError.
Config parse_config(std::string_view text);

} // namespace skerry::cli
