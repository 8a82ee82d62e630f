// SPDX-License-Identifier: MIT
// How this folder reports that something cannot be done: what is wrong, in words for the console, and where.
// Self-contained on purpose: PV-GRUB uses the same code.
#pragma once

#include <cstdint>

namespace skerry::start_in_place {

/// `what` is a string literal. `where` is an offset, address or size; `what` says which.
struct Failure {
    const char* what = nullptr;
    std::uint64_t where = 0;
};

/// A value or a Failure. Ask first: value() of a failure is T{}.
template <class T> class [[nodiscard]] Result {
  public:
    constexpr Result(T value) : value_(static_cast<T&&>(value)) {}
    constexpr Result(Failure failure) : failure_(failure) {}
    constexpr explicit operator bool() const { return failure_.what == nullptr; }
    constexpr Failure failure() const { return failure_; }
    constexpr T& operator*() { return value_; }
    constexpr const T& operator*() const { return value_; }
    constexpr T* operator->() { return &value_; }
    constexpr const T* operator->() const { return &value_; }

  private:
    T value_{};
    Failure failure_{};
};

template <> class [[nodiscard]] Result<void> {
  public:
    constexpr Result() = default;
    constexpr Result(Failure failure) : failure_(failure) {}
    constexpr explicit operator bool() const { return failure_.what == nullptr; }
    constexpr Failure failure() const { return failure_; }

  private:
    Failure failure_{};
};

} // namespace skerry::start_in_place
