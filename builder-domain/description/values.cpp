// SPDX-License-Identifier: MIT
#include "builder-domain/description/values.h"

namespace skerry::builder {
namespace {

constexpr std::string_view blanks = " \t\r";

std::optional<unsigned> digit_value(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return std::nullopt;
}

bool is_letter_or_digit(char character) {
    return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
           (character >= 'A' && character <= 'Z');
}

} // namespace

std::string_view trim(std::string_view text) {
    size_t begin = text.find_first_not_of(blanks);
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string_view take_part(std::string_view& text, char separator) {
    size_t end = text.find(separator);
    std::string_view part = text.substr(0, end);
    text = end == text.npos ? std::string_view{} : text.substr(end + 1);
    return trim(part);
}

std::optional<uint64_t> read_number(std::string_view text) {
    unsigned base = 10;
    if (text.starts_with("0x")) {
        base = 16;
        text.remove_prefix(2);
    }
    if (text.empty()) return std::nullopt;
    uint64_t number = 0;
    for (char character : text) {
        auto digit = digit_value(character);
        if (!digit || *digit >= base) return std::nullopt;
        if (__builtin_mul_overflow(number, base, &number) || __builtin_add_overflow(number, *digit, &number))
            return std::nullopt;
    }
    return number;
}

std::optional<uint64_t> read_pages(std::string_view text) {
    if (text.empty()) return std::nullopt;
    unsigned shift = 0;
    switch (text.back()) {
    case 'K': shift = 10; break;
    case 'M': shift = 20; break;
    case 'G': shift = 30; break;
    default: return std::nullopt; // without a unit it would be a guess
    }
    text.remove_suffix(1);
    auto number = read_number(text);
    constexpr uint64_t largest = uint64_t{1} << 46; // 64 TiB, all that x86-64 can address in 46 bits
    if (!number || *number > (largest >> shift)) return std::nullopt;
    uint64_t bytes = *number << shift;
    if (bytes % 4096 != 0) return std::nullopt;
    return bytes / 4096;
}

std::optional<bool> read_flag(std::string_view text) {
    if (text == "yes") return true;
    if (text == "no") return false;
    return std::nullopt;
}

std::optional<Policy> read_policy(std::string_view text) {
    if (text == "destroy") return Policy::destroy;
    if (text == "reboot") return Policy::reboot;
    if (text == "keep") return Policy::keep;
    if (text == "poweroff-platform") return Policy::poweroff_platform;
    return std::nullopt;
}

std::optional<Range> read_range(std::string_view text, uint64_t limit) {
    size_t dash = text.find('-');
    auto first = read_number(trim(text.substr(0, dash)));
    auto last = dash == text.npos ? first : read_number(trim(text.substr(dash + 1)));
    if (!first || !last || *first > *last || *last > limit) return std::nullopt;
    return Range{*first, *last};
}

bool is_name(std::string_view text) {
    if (text.empty() || text.size() > longest_name || !is_letter_or_digit(text[0])) return false;
    for (char character : text)
        if (!is_letter_or_digit(character) && std::string_view("._+-").find(character) == std::string_view::npos)
            return false;
    return true;
}

} // namespace skerry::builder
