// SPDX-License-Identifier: MIT
#include "toolstack/cli/config/config.h"

#include "toolstack/cli/config/lexer.h"

namespace skerry::cli {
namespace {

class Parser {
  public:
    explicit Parser(std::string_view text) : lexer_(text), token_(lexer_.next()) {}

    Config parse() {
        while (token_.kind != Token::Kind::end) {
            if (token_.kind != Token::Kind::line_end) setting();
            if (token_.kind == Token::Kind::end) break;
            if (token_.kind != Token::Kind::line_end) unexpected("the end of the line");
            advance();
        }
        return std::move(config_);
    }

  private:
    void advance() { token_ = lexer_.next(); }
    [[noreturn]] void unexpected(const std::string& expected) const {
        const std::string found = token_.kind == Token::Kind::end        ? "the end of the file"
                                  : token_.kind == Token::Kind::line_end ? token_.text
                                                                         : "`" + token_.text + "`";
        throw ConfigError(token_.line, "expected " + expected + ", not " + found);
    }

    void setting() {
        if (token_.kind != Token::Kind::word) unexpected("a setting's name");
        Setting setting{token_.text, {}, token_.line};
        advance();
        const bool adds = token_.kind == Token::Kind::plus_equals;
        if (!adds && token_.kind != Token::Kind::equals) unexpected("`=` behind `" + setting.key + "`");
        advance();
        setting.value = value(0);
        keep(std::move(setting), adds);
    }

    ConfigValue value(std::size_t depth) {
        ConfigValue value;
        value.line = token_.line;
        if (token_.kind == Token::Kind::string || token_.kind == Token::Kind::number) {
            value.is_number = token_.kind == Token::Kind::number;
            value.text = token_.text;
            advance();
            return value;
        }
        if (token_.kind == Token::Kind::word)
            throw ConfigError(token_.line, "`" + token_.text + "` is no number: strings stand in quotes");
        if (token_.kind != Token::Kind::open) unexpected("a string, a number or a list");
        if (depth == deepest_list) throw ConfigError(token_.line, "lists too deep within each other");
        value.is_list = true;
        advance();
        skip_lines();
        while (token_.kind != Token::Kind::close) {
            value.elements.push_back(this->value(depth + 1));
            skip_lines();
            if (token_.kind == Token::Kind::comma) {
                advance();
                skip_lines();
            } else if (token_.kind != Token::Kind::close) {
                unexpected("`,` or `]`");
            }
        }
        advance();
        return value;
    }

    /// Within a list lines end nowhere.
    void skip_lines() {
        while (token_.kind == Token::Kind::line_end && token_.text != ";") advance();
    }

    void keep(Setting setting, bool adds) {
        for (Setting& earlier : config_.settings) {
            if (earlier.key != setting.key) continue;
            if (adds) {
                if (earlier.value.is_list != setting.value.is_list)
                    throw ConfigError(setting.line,
                                      "`" + setting.key + "` += adds a string to a list, or a list to a string");
                earlier.value.text += setting.value.text;
                earlier.value.is_number = false;
                for (ConfigValue& element : setting.value.elements)
                    earlier.value.elements.push_back(std::move(element));
            } else {
                earlier = std::move(setting);
            }
            return;
        }
        config_.settings.push_back(std::move(setting));
    }

    Lexer lexer_;
    Token token_;
    Config config_;
};

} // namespace

const Setting* Config::find(std::string_view key) const {
    for (const Setting& setting : settings)
        if (setting.key == key) return &setting;
    return nullptr;
}

Config parse_config(std::string_view text) {
    if (text.size() > most_config) throw ConfigError(0, "longer than " + std::to_string(most_config) + " bytes");
    return Parser(text).parse();
}

} // namespace skerry::cli
