// SPDX-License-Identifier: MIT
// The operator's terminal.
#pragma once

#include <cstdint>
#include <string>
#include <termios.h>

namespace skerry::cli {

/// Bytes pass as they are typed, while it lives; nothing, when standard input is no terminal.
class RawTerminal {
  public:
    RawTerminal();
    ~RawTerminal();
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;
    bool is_terminal() const { return is_terminal_; }

  private:
    termios saved_{};
    bool is_terminal_;
};

/// A line on standard error that shows how far something is; nothing when that is no terminal.
class ProgressLine {
  public:
    explicit ProgressLine(bool quiet);
    ~ProgressLine() { clear(); }
    void show(const std::string& text);
    void show(const std::string& what, std::uint64_t done, std::uint64_t all);
    void clear();

  private:
    bool on_, shown_ = false;
    int percent_ = -1;
};

void print(const std::string& text);

} // namespace skerry::cli
