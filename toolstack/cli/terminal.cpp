// SPDX-License-Identifier: MIT
#include "toolstack/cli/terminal.h"

#include <cstdio>
#include <unistd.h>

namespace skerry::cli {

RawTerminal::RawTerminal() : is_terminal_(::tcgetattr(STDIN_FILENO, &saved_) == 0) {
    if (!is_terminal_) return;
    termios raw = saved_;
    ::cfmakeraw(&raw);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

RawTerminal::~RawTerminal() {
    if (is_terminal_) ::tcsetattr(STDIN_FILENO, TCSANOW, &saved_);
}

ProgressLine::ProgressLine(bool quiet) : on_(!quiet && ::isatty(STDERR_FILENO) == 1) {}

void ProgressLine::show(const std::string& text) {
    if (!on_) return;
    std::fprintf(stderr, "\r%s\x1b[K", text.c_str());
    shown_ = true;
}

void ProgressLine::show(const std::string& what, std::uint64_t done, std::uint64_t all) {
    const int percent = all == 0 ? 100 : static_cast<int>(done * 100 / all);
    if (percent == percent_) return;
    percent_ = percent;
    const auto filled = static_cast<std::size_t>(percent * 30 / 100);
    show(what + " [" + std::string(filled, '=') + std::string(30 - filled, ' ') + "] " + std::to_string(percent) +
         " %");
}

void ProgressLine::clear() {
    if (shown_) std::fprintf(stderr, "\r\x1b[K");
    shown_ = false;
    percent_ = -1;
}

void print(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

} // namespace skerry::cli
