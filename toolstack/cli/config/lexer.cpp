// SPDX-License-Identifier: MIT
#include "toolstack/cli/config/lexer.h"

namespace skerry::cli {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hexadecimal(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
unsigned digit_value(char c) { return static_cast<unsigned>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10); }

std::string shown(char c) {
    return c >= ' ' && c < 0x7f ? "`" + std::string(1, c) + "`" : "a character of value " + std::to_string(c & 0xff);
}

} // namespace

Token Lexer::next() {
    while (!rest_.empty()) {
        const char c = rest_[0];
        if (c == ' ' || c == '\t' || c == '\r') {
            rest_.remove_prefix(1);
        } else if (c == '#') {
            rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
        } else {
            break;
        }
    }
    if (rest_.empty()) return {Token::Kind::end, "", line_};
    const char c = rest_[0];
    if (is_letter(c) || is_digit(c) || c == '_' || c == '-') {
        const bool number = is_digit(c) || c == '-';
        std::size_t length = 1;
        while (length < rest_.size() && (is_letter(rest_[length]) || is_digit(rest_[length]) || rest_[length] == '_'))
            ++length;
        Token token{number ? Token::Kind::number : Token::Kind::word, std::string(rest_.substr(0, length)), line_};
        rest_.remove_prefix(length);
        return token;
    }
    rest_.remove_prefix(1);
    switch (c) {
    case '"':
    case '\'': return string_token(c);
    case '=': return {Token::Kind::equals, "=", line_};
    case '[': return {Token::Kind::open, "[", line_};
    case ']': return {Token::Kind::close, "]", line_};
    case ',': return {Token::Kind::comma, ",", line_};
    case ';': return {Token::Kind::line_end, ";", line_};
    case '\n': return {Token::Kind::line_end, "the end of the line", line_++};
    case '+':
        if (!rest_.starts_with('=')) break;
        rest_.remove_prefix(1);
        return {Token::Kind::plus_equals, "+=", line_};
    default: break;
    }
    throw ConfigError(line_, shown(c) + " has no place here");
}

Token Lexer::string_token(char quote) {
    std::string text;
    while (true) {
        if (rest_.empty() || rest_[0] == '\n') throw ConfigError(line_, "a string without its closing " + shown(quote));
        const char c = rest_[0];
        rest_.remove_prefix(1);
        if (c == quote) return {Token::Kind::string, std::move(text), line_};
        text += c == '\\' ? escape() : c;
    }
}

/// What stands behind a backslash, as in C.
char Lexer::escape() {
    if (rest_.empty() || rest_[0] == '\n') throw ConfigError(line_, "a backslash at the end of a line");
    const char c = rest_[0];
    rest_.remove_prefix(1);
    constexpr std::string_view names = "abfnrtv", meanings = "\a\b\f\n\r\t\v";
    if (const std::size_t which = names.find(c); which != std::string_view::npos) return meanings[which];
    if (c == '\\' || c == '"' || c == '\'') return c;
    const bool hexadecimal = c == 'x', octal = c >= '0' && c <= '7';
    if (!hexadecimal && !octal) throw ConfigError(line_, "backslash and " + shown(c) + " mean nothing");
    unsigned value = octal ? digit_value(c) : 0, digits = octal ? 1 : 0;
    while (!rest_.empty() && digits < (octal ? 3u : 2u) &&
           (octal ? rest_[0] >= '0' && rest_[0] <= '7' : is_hexadecimal(rest_[0]))) {
        value = value * (octal ? 8 : 16) + digit_value(rest_[0]);
        rest_.remove_prefix(1);
        ++digits;
    }
    if (digits == 0) throw ConfigError(line_, "backslash and `x` without digits");
    if (value == 0 || value > 255) throw ConfigError(line_, "an escape of value " + std::to_string(value));
    return static_cast<char>(value);
}

} // namespace skerry::cli
