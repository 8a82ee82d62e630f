// SPDX-License-Identifier: MIT
#include "options.h"

#include <minios/start.h>

namespace minios {

std::string_view option_value(std::string_view name) {
    std::string_view line = command_line();
    while (!line.empty()) {
        const std::size_t blank = line.find(' ');
        std::string_view word = line.substr(0, blank);
        if (word.size() > name.size() && word.starts_with(name) && word[name.size()] == '=') {
            word.remove_prefix(name.size() + 1); // substr() may throw, which not every program can
            return word;
        }
        if (blank == std::string_view::npos) break;
        line.remove_prefix(blank + 1);
    }
    return {};
}

} // namespace minios
