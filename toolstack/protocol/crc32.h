// SPDX-License-Identifier: MIT
// CRC-32 as in ISO 3309 and zlib (reflected polynomial 0xedb88320, all ones before and after).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace skerry::protocol {

inline constexpr auto crc32_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t value = byte;
        for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) ? 0xedb88320u : 0);
        table[byte] = value;
    }
    return table;
}();

/// Of `bytes` after whatever `before` is the CRC of.
constexpr std::uint32_t crc32(std::string_view bytes, std::uint32_t before = 0) {
    std::uint32_t value = ~before;
    for (const char byte : bytes) value = (value >> 8) ^ crc32_table[(value ^ static_cast<unsigned char>(byte)) & 0xff];
    return ~value;
}
static_assert(crc32("123456789") == 0xcbf43926);

} // namespace skerry::protocol
