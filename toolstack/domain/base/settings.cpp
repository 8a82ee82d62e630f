// SPDX-License-Identifier: MIT
#include "toolstack/domain/base/settings.h"

#include <charconv>

namespace skerry::toolstack {
namespace {

/// Decimal or 0x hexadecimal, up to `most`.
template <class Number = std::uint32_t> std::optional<Number> number(std::string_view text, Number most) {
    int base = 10;
    if (text.starts_with("0x")) {
        base = 16;
        text.remove_prefix(2);
    }
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size() || value > most) return std::nullopt;
    return value;
}

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    for (std::size_t colon; (colon = text.find(':')) != std::string_view::npos; text.remove_prefix(colon + 1))
        parts.push_back(text.substr(0, colon));
    parts.push_back(text);
    return parts;
}

constexpr std::uint32_t most_domain = 0x7fef, most_port = (1u << 17) - 1;
constexpr std::uint64_t most_address = (std::uint64_t{1} << 52) - 1;

bool read_word(Settings& settings, std::string_view key, std::string_view value) {
    const auto parts = split(value);
    if (key == "uart") {
        const auto port = number(value, 0xfff8u);
        if (port) settings.uart = static_cast<std::uint16_t>(*port);
        return port.has_value();
    }
    if (key == "irq") {
        const auto irq = number(value, 1023u);
        if (irq) settings.irq = static_cast<int>(*irq);
        if (value == "none") settings.irq = -1;
        return irq || value == "none";
    }
    if (key == "builder") {
        const auto port = number(value, most_port);
        if (port) settings.builder_port = *port;
        return port.has_value();
    }
    if (key == "domain" && parts.size() == 2) {
        const auto id = number(parts[1], most_domain);
        if (!id || !is_image_name(parts[0])) return false;
        settings.domains.push_back({static_cast<DomainNumber>(*id), std::string(parts[0])});
        return true;
    }
    if (key == "window" && parts.size() == 2) {
        const auto address = number(parts[0], most_address), size = number(parts[1], most_address);
        if (!address || !size || *address % 4096 != 0 || *size % 4096 != 0) return false;
        settings.window_address = *address;
        settings.window_size = *size;
        return true;
    }
    // These are read by minios (channel.h, state_area.h).
    if (key == "channel" || key == "state") return true;
    return false;
}

} // namespace

Settings read_settings(const std::vector<std::string_view>& words) {
    Settings settings;
    for (const std::string_view word : words) {
        const std::size_t equals = word.find('=');
        const std::string_view value = equals == std::string_view::npos ? "" : word.substr(equals + 1);
        if (value.empty() || !read_word(settings, word.substr(0, equals), value))
            settings.not_understood.emplace_back(word);
    }
    return settings;
}

} // namespace skerry::toolstack
