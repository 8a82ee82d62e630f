// SPDX-License-Identifier: MIT
// Cuts a configuration into tokens.
#pragma once

#include "toolstack/cli/config/config.h"

namespace skerry::cli {

struct Token {
    enum class Kind {
        word,   ///< a key
        number, ///< digits
        string, ///< `text` without quotes and escapes
        equals,
        plus_equals,
        open,  ///< [
        close, ///< ]
        comma,
        line_end, ///< newline or semicolon
        end,
    } kind;
    std::string text;
    unsigned line;
};

class Lexer {
  public:
    explicit Lexer(std::string_view text) : rest_(text) {}
    /// Throws ConfigError.
    Token next();

  private:
    Token string_token(char quote);
    char escape();

    std::string_view rest_;
    unsigned line_ = 1;
};

} // namespace skerry::cli
