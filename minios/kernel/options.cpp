// SPDX-License-Identifier: MIT
#include "options.h"

#include <minios/start.h>

namespace minios {

// Without substr(), which would want a C++ library's exception.
std::string_view option_value(std::string_view name) {
    std::string_view line = command_line();
    while (!line.empty()) {
        const std::size_t blank = line.find(' '), length = blank != std::string_view::npos ? blank : line.size();
        std::string_view word(line.data(), length);
        if (word.size() > name.size() && word.starts_with(name) && word[name.size()] == '=') {
            word.remove_prefix(name.size() + 1);
            return word;
        }
        line.remove_prefix(length == line.size() ? length : length + 1);
    }
    return {};
}

} // namespace minios
