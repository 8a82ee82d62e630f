// SPDX-License-Identifier: MIT
#include "toolstack/cli/commands/pipe_bytes.h"

#include <utility>

namespace skerry::cli {

std::string literal_input(std::string_view bytes) {
    constexpr char nothing = 0, end_of_file = 4, literal_next = 0x16;
    std::string line;
    for (const char c : bytes) {
        if (c == nothing || c == end_of_file || c == literal_next) line += literal_next;
        line += c;
    }
    return line;
}

std::string LineEnds::take(std::string_view bytes) {
    std::string text;
    for (const char c : bytes) {
        if (return_waits_ && c != '\n') text += '\r';
        return_waits_ = c == '\r';
        if (!return_waits_) text += c;
    }
    return text;
}

std::string LineEnds::rest() { return std::exchange(return_waits_, false) ? "\r" : ""; }

} // namespace skerry::cli
