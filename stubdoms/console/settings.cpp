// SPDX-License-Identifier: MIT
#include "settings.h"

namespace skerry::console {

bool parse_unsigned(std::string_view text, std::uint32_t most, std::uint32_t& value) {
    unsigned base = 10;
    if (text.size() > 2 && text[0] == '0' && text[1] == 'x') {
        base = 16;
        text = text.substr(2);
    }
    if (text.empty()) return false;
    std::uint64_t number = 0;
    for (const char c : text) {
        const unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                               : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a') + 10
                                                      : 99;
        if (digit >= base) return false;
        number = number * base + digit;
        if (number > most) return false;
    }
    value = static_cast<std::uint32_t>(number);
    return true;
}

} // namespace skerry::console
