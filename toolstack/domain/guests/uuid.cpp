// SPDX-License-Identifier: MIT
#include "toolstack/domain/guests/guest.h"

namespace skerry::toolstack {

std::string uuid_text(std::array<std::uint8_t, 16> random) {
    random[6] = static_cast<std::uint8_t>((random[6] & 0x0f) | 0x40); // RFC 4122: version 4, random
    random[8] = static_cast<std::uint8_t>((random[8] & 0x3f) | 0x80); // its variant
    std::string text;
    for (std::size_t i = 0; i < random.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += "0123456789abcdef"[random[i] >> 4];
        text += "0123456789abcdef"[random[i] & 15];
    }
    return text;
}

std::array<std::uint8_t, 16> uuid_bytes(std::string_view text) {
    std::array<std::uint8_t, 16> bytes{};
    std::size_t digits = 0;
    for (const char c : text) {
        if (c == '-') continue;
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0 || digits == 32) return {};
        bytes[digits / 2] = static_cast<std::uint8_t>(bytes[digits / 2] << 4 | digit);
        ++digits;
    }
    return digits == 32 ? bytes : std::array<std::uint8_t, 16>{};
}

} // namespace skerry::toolstack
