// SPDX-License-Identifier: MIT
// <uchar.h>: a wide character here is one of UTF-32. In UTF-16 a character may be two halves, of which one waits in the state in between.
#include <cstddef>
#include <errno.h>
#include <uchar.h>

namespace {

constexpr char32_t beyond_16_bits = 0x10000;
/// In the state's count, which newlib's own conversions never make negative.
constexpr int half_waits = -16;

/// For callers that bring no state: one for each function.
mbstate_t default_c16rtomb_state, default_mbrtoc16_state, default_mbrtoc32_state;

bool is_high_half(char16_t character) { return character >= 0xd800 && character < 0xdc00; }
bool is_low_half(char16_t character) { return character >= 0xdc00 && character < 0xe000; }
wint_t waiting_half(const mbstate_t& state) { return state.__count == half_waits ? state.__value.__wch : 0; }

std::size_t refuse() {
    errno = EILSEQ;
    return static_cast<std::size_t>(-1);
}

} // namespace

extern "C" {

std::size_t c16rtomb(char* bytes, char16_t character, mbstate_t* state) {
    if (state == nullptr) state = &default_c16rtomb_state;
    const wint_t high = waiting_half(*state);
    const bool completes = high != 0 && is_low_half(character);
    if (bytes == nullptr || high != 0) *state = {};
    if (bytes == nullptr) return 1;
    if (high == 0 && is_high_half(character)) {
        state->__count = half_waits;
        state->__value.__wch = character;
        return 0;
    }
    if (!completes && (high != 0 || is_low_half(character))) return refuse();
    const wint_t whole =
        completes ? beyond_16_bits + ((high & 0x3ff) << 10 | (static_cast<wint_t>(character) & 0x3ff)) : character;
    return wcrtomb(bytes, static_cast<wchar_t>(whole), state);
}

std::size_t c32rtomb(char* bytes, char32_t character, mbstate_t* state) {
    return wcrtomb(bytes, static_cast<wchar_t>(character), state);
}

std::size_t mbrtoc32(char32_t* character, const char* bytes, std::size_t size, mbstate_t* state) {
    if (state == nullptr) state = &default_mbrtoc32_state;
    wchar_t whole = 0;
    const std::size_t used = bytes != nullptr ? mbrtowc(&whole, bytes, size, state) : mbrtowc(nullptr, "", 1, state);
    if (used <= size && bytes != nullptr && character != nullptr) *character = static_cast<char32_t>(whole);
    return used;
}

std::size_t mbrtoc16(char16_t* character, const char* bytes, std::size_t size, mbstate_t* state) {
    constexpr auto no_bytes_used = static_cast<std::size_t>(-3);
    if (state == nullptr) state = &default_mbrtoc16_state;
    if (const wint_t low = waiting_half(*state); low != 0) {
        *state = {};
        if (bytes == nullptr) return 0;
        if (character != nullptr) *character = static_cast<char16_t>(low);
        return no_bytes_used;
    }
    char32_t whole = 0;
    const std::size_t used = mbrtoc32(&whole, bytes, size, state);
    if (used > size || bytes == nullptr) return used;
    if (whole >= beyond_16_bits) {
        whole -= beyond_16_bits;
        state->__count = half_waits;
        state->__value.__wch = 0xdc00 | (whole & 0x3ff);
        whole = 0xd800 | (whole >> 10);
    }
    if (character != nullptr) *character = static_cast<char16_t>(whole);
    return used;
}

} // extern "C"
