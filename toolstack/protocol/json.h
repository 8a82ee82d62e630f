// SPDX-License-Identifier: MIT
// JSON values for messages that come from somebody else: read with bounds on depth and size, members in the order in
// which they came, integers as integers. nlohmann-json does the reading and writing (json.cpp); this type keeps its
// compile time out of every other file, and the bounds in one place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace skerry::json {

struct Member;
class Value;
using Array = std::vector<Value>;
using Object = std::vector<Member>;

class Value {
  public:
    Value();
    Value(std::nullptr_t);
    Value(bool value);
    Value(double value);
    Value(std::int64_t value);
    Value(int value);
    Value(unsigned value);
    /// Larger than an int64_t: becomes its largest.
    Value(std::uint64_t value);
    Value(std::string value);
    Value(std::string_view value);
    Value(const char* value);
    Value(Array value);
    Value(Object value);
    // Outside of the class, where Member is complete.
    Value(const Value& other);
    Value(Value&& other) noexcept;
    Value& operator=(const Value& other);
    Value& operator=(Value&& other) noexcept;
    ~Value();

    bool is_null() const { return std::holds_alternative<std::nullptr_t>(content_); }
    const bool* as_bool() const { return std::get_if<bool>(&content_); }
    const std::int64_t* as_integer() const { return std::get_if<std::int64_t>(&content_); }
    const double* as_fraction() const { return std::get_if<double>(&content_); }
    const std::string* as_string() const { return std::get_if<std::string>(&content_); }
    const Array* as_array() const { return std::get_if<Array>(&content_); }
    const Object* as_object() const { return std::get_if<Object>(&content_); }
    Array* as_array() { return std::get_if<Array>(&content_); }
    Object* as_object() { return std::get_if<Object>(&content_); }

    /// Of an object: the member's value; nullptr when it is missing or this is no object.
    const Value* find(std::string_view key) const;
    /// Of an object, which null becomes: the member, made if it is missing. Throws Error for anything else.
    Value& operator[](std::string_view key);
    /// The member's text or number, or what stands in for it; for showing.
    std::string text_or(std::string_view key, std::string_view otherwise) const;
    std::int64_t integer_or(std::string_view key, std::int64_t otherwise) const;
    bool bool_or(std::string_view key, bool otherwise) const;

    friend bool operator==(const Value& a, const Value& b);

  private:
    std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object> content_;
};

struct Member {
    std::string key;
    Value value;
    friend bool operator==(const Member& a, const Member& b) = default;
};

inline Value::Value() : content_(nullptr) {}
inline Value::Value(std::nullptr_t) : content_(nullptr) {}
inline Value::Value(bool value) : content_(value) {}
inline Value::Value(double value) : content_(value) {}
inline Value::Value(std::int64_t value) : content_(value) {}
inline Value::Value(int value) : content_(std::int64_t{value}) {}
inline Value::Value(unsigned value) : content_(std::int64_t{value}) {}
inline Value::Value(std::uint64_t value)
    : content_(value > INT64_MAX ? std::int64_t{INT64_MAX} : static_cast<std::int64_t>(value)) {}
inline Value::Value(std::string value) : content_(std::move(value)) {}
inline Value::Value(std::string_view value) : content_(std::string(value)) {}
inline Value::Value(const char* value) : content_(std::string(value)) {}
inline Value::Value(Array value) : content_(std::move(value)) {}
inline Value::Value(Object value) : content_(std::move(value)) {}
inline Value::Value(const Value& other) = default;
inline Value::Value(Value&& other) noexcept = default;
inline Value& Value::operator=(const Value& other) = default;
inline Value& Value::operator=(Value&& other) noexcept = default;
inline Value::~Value() = default;

struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Limits {
    std::size_t size = 1 << 20; ///< bytes of text
    std::size_t depth = 16;     ///< arrays and objects within each other
};

/// Throws Error, which says where, for what is no JSON, exceeds the limits, names a member twice or holds an integer
/// outside of 64 bits with sign.
Value parse(std::string_view text, const Limits& limits = {});

/// In one line, or in many with `indented`. Bytes that are no UTF-8 become U+FFFD.
std::string write(const Value& value, bool indented = false);

} // namespace skerry::json
