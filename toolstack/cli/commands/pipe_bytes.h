// SPDX-License-Identifier: MIT
// Bytes between a pipe here and the console of a program that has a pipe for its standard input. The console is a terminal's line
// all the same, which a few bytes would mean something to.
#pragma once

#include <string>
#include <string_view>

namespace skerry::cli {

/// At most twice as many: behind Ctrl-V a byte means itself (minios/libc/line_discipline.h).
std::string literal_input(std::string_view bytes);

/// Takes the returns away that a terminal needs before its line ends. Others are the program's.
class LineEnds {
  public:
    /// A return at the end waits for what follows.
    std::string take(std::string_view bytes);
    /// What still waits, when nothing will follow.
    std::string rest();

  private:
    bool return_waits_ = false;
};

} // namespace skerry::cli
