// SPDX-License-Identifier: MIT
#include "toolstack/cli/text.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <stdexcept>

namespace skerry::cli {

std::string Table::text() const {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t width = columns_[i].title.size();
        for (const auto& row : rows_) width = std::max(width, row[i].size());
        widths.push_back(width);
    }
    std::string text;
    const auto line = [&](const auto& cell) {
        std::string line;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const std::string& content = cell(i);
            const std::string padding(widths[i] - content.size(), ' ');
            line += (i > 0 ? "  " : "") + (columns_[i].align == Align::right ? padding + content : content + padding);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    };
    line([&](std::size_t i) -> const std::string& { return columns_[i].title; });
    for (const auto& row : rows_) line([&](std::size_t i) -> const std::string& { return row[i]; });
    return text;
}

std::int64_t parse_memory(const std::string& text) {
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
    if (digits == 0 || digits > 12)
        throw std::invalid_argument("`" + text + "` is no amount of memory (512, 512m, 2g)");
    const std::int64_t number = std::stoll(text.substr(0, digits));
    const std::string unit = text.substr(digits);
    const auto is = [&](const char* small, const char* large) { return unit == small || unit == large; };
    std::int64_t kib = 0;
    if (is("k", "K"))
        kib = number;
    else if (unit.empty() || is("m", "M"))
        kib = number << 10;
    else if (is("g", "G"))
        kib = number << 20;
    else if (is("t", "T"))
        kib = number << 30;
    else
        throw std::invalid_argument("`" + text + "`: the units of memory are k, m, g and t");
    if (kib >> 42 != 0) throw std::invalid_argument("`" + text + "` is more memory than there can be");
    return kib;
}

json::Value domain_argument(const std::string& text) {
    const bool number = !text.empty() && text.size() < 10 &&
                        std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    return number ? json::Value(std::int64_t{std::stoll(text)}) : json::Value(text);
}

std::string mebibytes(std::int64_t kib) { return std::to_string((kib + 512) / 1024); }

std::string seconds(std::int64_t nanoseconds) {
    const std::int64_t tenths = nanoseconds / 100'000'000;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

std::string duration(std::int64_t nanoseconds) {
    const long long total = nanoseconds / 1'000'000'000;
    char text[64];
    std::snprintf(text, sizeof text, "%02lld:%02lld:%02lld", total / 3600 % 24, total / 60 % 60, total % 60);
    return total >= 86400 ? std::to_string(total / 86400) + " d " + text : text;
}

std::string wall_time(std::int64_t nanoseconds) {
    const std::time_t time = nanoseconds / 1'000'000'000;
    std::tm parts{};
    gmtime_r(&time, &parts);
    char text[64];
    std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
    return text;
}

std::string byte_size(std::int64_t bytes) {
    if (bytes < 1024) return std::to_string(bytes) + " B";
    double value = static_cast<double>(bytes);
    const char* const units[] = {"KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    for (value /= 1024; value >= 1024 && unit < 3; value /= 1024) ++unit;
    char text[64];
    std::snprintf(text, sizeof text, "%.1f %s", value, units[unit]);
    return text;
}

std::string harmless(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
        if (byte == '\r') continue;
        if (byte == 0xc2 && next >= 0x80 && next < 0xa0) { // U+0080 ... U+009f: control characters too
            result += '?';
            ++i;
        } else {
            result += (byte < ' ' && byte != '\n' && byte != '\t') || byte == 0x7f ? '?' : text[i];
        }
    }
    return result;
}

} // namespace skerry::cli
