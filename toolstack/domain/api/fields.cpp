// SPDX-License-Identifier: MIT
#include "toolstack/domain/api/fields.h"

namespace skerry::toolstack {

Fields::Fields(const json::Value& object, std::string what) : object_(object), what_(std::move(what)) {
    if (object.as_object() == nullptr) throw Failure(code::bad_request, what_ + ": parameters are to be an object");
}

void Fields::wrong(std::string_view key, const std::string& why) const {
    throw Failure(code::bad_request, what_ + ": " + quoted(key) + " " + why);
}

const json::Value* Fields::any(std::string_view key) {
    known_.emplace(key);
    const json::Value* value = object_.find(key);
    return value != nullptr && !value->is_null() ? value : nullptr;
}

std::optional<std::string> Fields::optional_string(std::string_view key, std::size_t longest) {
    const json::Value* value = any(key);
    if (value == nullptr) return std::nullopt;
    const std::string* text = value->as_string();
    if (text == nullptr) wrong(key, "is to be a string");
    if (text->size() > longest) wrong(key, "is longer than " + std::to_string(longest) + " bytes");
    return *text;
}

std::string Fields::string(std::string_view key, std::size_t longest) {
    auto text = optional_string(key, longest);
    if (!text) wrong(key, "is missing");
    return *text;
}

std::optional<std::int64_t> Fields::optional_integer(std::string_view key, std::int64_t least, std::int64_t most) {
    const json::Value* value = any(key);
    if (value == nullptr) return std::nullopt;
    const std::int64_t* number = value->as_integer();
    if (number == nullptr) wrong(key, "is to be a whole number");
    if (*number < least || *number > most)
        wrong(key, "is " + std::to_string(*number) + ", not between " + std::to_string(least) + " and " +
                       std::to_string(most));
    return *number;
}

std::int64_t Fields::integer(std::string_view key, std::int64_t least, std::int64_t most) {
    const auto number = optional_integer(key, least, most);
    if (!number) wrong(key, "is missing");
    return *number;
}

bool Fields::boolean(std::string_view key, bool otherwise) {
    const json::Value* value = any(key);
    if (value == nullptr) return otherwise;
    const bool* truth = value->as_bool();
    if (truth == nullptr) wrong(key, "is to be true or false");
    return *truth;
}

std::vector<std::string> Fields::strings(std::string_view key) {
    const json::Value* value = any(key);
    if (value == nullptr) return {};
    if (const std::string* text = value->as_string()) return {*text};
    const json::Array* array = value->as_array();
    if (array == nullptr) wrong(key, "is to be a string or an array of strings");
    std::vector<std::string> all;
    for (const json::Value& element : *array) {
        if (element.as_string() == nullptr) wrong(key, "is to hold strings only");
        all.push_back(*element.as_string());
    }
    return all;
}

void Fields::done() const {
    for (const json::Member& member : *object_.as_object())
        if (!known_.contains(member.key)) wrong(member.key, "is not a parameter");
}

} // namespace skerry::toolstack
