// SPDX-License-Identifier: MIT
// How numbers are read from and shown to people.
#pragma once

#include "toolstack/protocol/json.h"

namespace skerry::cli {

/// Columns that are as wide as their content; numbers to the right.
class Table {
  public:
    enum class Align { left, right };
    struct Column {
        std::string title;
        Align align = Align::left;
    };
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
    void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    std::string text() const;

  private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

/// KiB of "512" or "512m" (MiB, as xl has it), "2g", "1048576k", "1t". Throws std::invalid_argument that says what is
/// wrong.
std::int64_t parse_memory(const std::string& text);
/// A domain as it is named on the command line: all digits are its number.
json::Value domain_argument(const std::string& text);

std::string mebibytes(std::int64_t kib);
/// With one digit behind the point, as xl shows CPU time.
std::string seconds(std::int64_t nanoseconds);
/// "3 d 04:05:06"
std::string duration(std::int64_t nanoseconds);
/// "2026-11-27 09:03:26" UTC
std::string wall_time(std::int64_t nanoseconds);
/// "12.3 MiB"
std::string byte_size(std::int64_t bytes);
/// Without control characters, so that no domain can write on the operator's terminal; line ends stay.
std::string harmless(std::string_view text);

} // namespace skerry::cli
