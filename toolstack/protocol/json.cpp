// SPDX-License-Identifier: MIT
#include "toolstack/protocol/json.h"

#include <nlohmann/json.hpp>

#include <set>

namespace skerry::json {
namespace {

using Library = nlohmann::ordered_json;

/// Builds a Value from the library's events.
class Reader final : public nlohmann::json_sax<Library> {
  public:
    explicit Reader(const Limits& limits) : limits_(limits) {}
    Value take() { return std::move(root_); }

    bool null() override { return put(nullptr); }
    bool boolean(bool value) override { return put(value); }
    bool number_integer(number_integer_t value) override { return put(std::int64_t{value}); }
    bool number_unsigned(number_unsigned_t value) override {
        if (value > INT64_MAX) throw Error("JSON: the integer " + std::to_string(value) + " is too large");
        return put(static_cast<std::int64_t>(value));
    }
    bool number_float(number_float_t value, const string_t& text) override {
        // The library reads integers that fit nowhere as fractions.
        if (text.find_first_of(".eE") == std::string::npos) throw Error("JSON: the integer " + text + " is too large");
        return put(value);
    }
    bool string(string_t& value) override { return put(std::move(value)); }
    bool binary(binary_t&) override { return false; } // not in text
    bool start_object(std::size_t) override { return open(Object{}); }
    bool start_array(std::size_t) override { return open(Array{}); }
    bool key(string_t& value) override {
        if (!open_.back().keys.insert(value).second) throw Error("JSON: member \"" + value + "\" twice");
        open_.back().key = std::move(value);
        return true;
    }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool parse_error(std::size_t position, const std::string&, const Library::exception& error) override {
        std::string what = error.what();
        if (const auto begin = what.find("syntax error"); begin != std::string::npos) what.erase(0, begin);
        throw Error("JSON: " + what + " (byte " + std::to_string(position) + ")");
    }

  private:
    struct Open {
        Value value;
        std::string key; // of the member that comes next
        std::set<std::string> keys;
    };
    bool put(Value value) {
        if (open_.empty())
            root_ = std::move(value);
        else if (Array* array = open_.back().value.as_array())
            array->push_back(std::move(value));
        else
            open_.back().value.as_object()->push_back({std::move(open_.back().key), std::move(value)});
        return true;
    }
    bool open(Value value) {
        if (open_.size() == limits_.depth)
            throw Error("JSON: more than " + std::to_string(limits_.depth) + " arrays and objects within each other");
        open_.push_back({std::move(value), {}, {}});
        return true;
    }
    bool close() {
        Value value = std::move(open_.back().value);
        open_.pop_back();
        return put(std::move(value));
    }

    const Limits& limits_;
    std::vector<Open> open_;
    Value root_;
};

Library convert(const Value& value) {
    if (const auto* boolean = value.as_bool()) return *boolean;
    if (const auto* integer = value.as_integer()) return *integer;
    if (const auto* fraction = value.as_fraction()) return *fraction;
    if (const auto* string = value.as_string()) return *string;
    if (const auto* array = value.as_array()) {
        Library result = Library::array();
        for (const Value& element : *array) result.push_back(convert(element));
        return result;
    }
    if (const auto* object = value.as_object()) {
        Library result = Library::object();
        for (const Member& member : *object) result[member.key] = convert(member.value);
        return result;
    }
    return nullptr;
}

} // namespace

Value parse(std::string_view text, const Limits& limits) {
    if (text.size() > limits.size) throw Error("JSON: more than " + std::to_string(limits.size) + " bytes");
    Reader reader(limits);
    Library::sax_parse(text.begin(), text.end(), &reader);
    return reader.take();
}

std::string write(const Value& value, bool indented) {
    return convert(value).dump(indented ? 2 : -1, ' ', false, Library::error_handler_t::replace);
}

const Value* Value::find(std::string_view key) const {
    if (const Object* object = as_object())
        for (const Member& member : *object)
            if (member.key == key) return &member.value;
    return nullptr;
}

Value& Value::operator[](std::string_view key) {
    if (is_null()) content_ = Object{};
    Object* object = as_object();
    if (object == nullptr) throw Error("JSON: no object to hold \"" + std::string(key) + "\"");
    for (Member& member : *object)
        if (member.key == key) return member.value;
    return object->emplace_back(Member{std::string(key), {}}).value;
}

std::string Value::text_or(std::string_view key, std::string_view otherwise) const {
    const Value* value = find(key);
    const std::string* text = value != nullptr ? value->as_string() : nullptr;
    return text != nullptr ? *text : std::string(otherwise);
}

std::int64_t Value::integer_or(std::string_view key, std::int64_t otherwise) const {
    const Value* value = find(key);
    const std::int64_t* integer = value != nullptr ? value->as_integer() : nullptr;
    return integer != nullptr ? *integer : otherwise;
}

bool Value::bool_or(std::string_view key, bool otherwise) const {
    const Value* value = find(key);
    const bool* boolean = value != nullptr ? value->as_bool() : nullptr;
    return boolean != nullptr ? *boolean : otherwise;
}

bool operator==(const Value& a, const Value& b) { return a.content_ == b.content_; }

} // namespace skerry::json
