// SPDX-License-Identifier: MIT
// How the builder reports failure: a value, or a sentence for the operator that says what went wrong and where.
// A Failure is built once, on the way out of the step that failed; nobody decides anything by reading it.
#pragma once

#include "builder-domain/base/text.h"

#include <optional>
#include <utility>

namespace skerry::builder {

class [[nodiscard]] Failure {
  public:
    Failure() = default;

    template <typename T> Failure&& operator<<(const T& part) && {
        text_ << part;
        return std::move(*this);
    }
    std::string_view text() const { return text_.view(); }

  private:
    Text<224> text_;
};

template <typename T> class [[nodiscard]] Result {
  public:
    Result(T value) : value_(std::move(value)) {}
    Result(const Failure& failure) : failure_(failure) {}
    Result(const Result&) = default;
    Result& operator=(const Result&) = delete;

    bool ok() const { return value_.has_value(); }
    T& value() { return *value_; }
    const T& value() const { return *value_; }
    const Failure& failure() const { return *failure_; }

  private:
    std::optional<T> value_;
    std::optional<Failure> failure_;
};

template <> class [[nodiscard]] Result<void> {
  public:
    Result() = default;
    Result(const Failure& failure) : failure_(failure) {}
    Result(const Result&) = default;
    Result& operator=(const Result&) = delete;

    bool ok() const { return !failure_.has_value(); }
    const Failure& failure() const { return *failure_; }

  private:
    std::optional<Failure> failure_;
};

using Status = Result<void>;

// Returns the failure of a Result from the enclosing function; otherwise goes on.
#define BUILDER_TRY(expression)                                                                                        \
    do {                                                                                                               \
        if (auto outcome_ = (expression); !outcome_.ok()) [[unlikely]]                                                 \
            return outcome_.failure();                                                                                 \
    } while (0)

} // namespace skerry::builder
