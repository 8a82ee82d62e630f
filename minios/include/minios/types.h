// SPDX-License-Identifier: MIT
// The numbers every part of minios speaks in: distinct types for distinct kinds of number, and the result type.
// No locks, no state; usable from the host as well.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace minios {

inline constexpr unsigned page_shift = 12;
inline constexpr std::size_t page_size = std::size_t{1} << page_shift;

/// An integer that does not mix with integers of another kind. `T` is the representation.
template <class Tag, class T> struct Id {
    T value{};
    constexpr Id() = default;
    constexpr explicit Id(T v) : value(v) {}
    friend constexpr bool operator==(Id a, Id b) { return a.value == b.value; }
    friend constexpr bool operator!=(Id a, Id b) { return a.value != b.value; }
    friend constexpr bool operator<(Id a, Id b) { return a.value < b.value; }
};

using Pfn = Id<struct PfnTag, std::uint64_t>;     ///< pseudo-physical frame number: 0 .. nr_pages-1 of this domain
using Mfn = Id<struct MfnTag, std::uint64_t>;     ///< machine frame number
using DomId = Id<struct DomIdTag, std::uint16_t>; ///< domain number, or DOMID_SELF and its kind
using Port = Id<struct PortTag, std::uint32_t>;   ///< event channel of this domain; 0 is never valid
using GrantRef = Id<struct GrantRefTag, std::uint32_t>; ///< entry of a grant table

inline constexpr DomId dom_self{0x7ff0};           // DOMID_SELF
inline constexpr DomId dom_first_reserved{0x7ff0}; // DOMID_FIRST_RESERVED: real domains are below it

/// Xen's error numbers, positive (`<xen/errno.h>`): what a hypercall returned, negated.
enum class Error : int {
    none = 0,
    not_permitted = 1,
    not_found = 2,
    no_such_process = 3,
    io = 5,
    again = 11,
    no_memory = 12,
    access = 13,
    fault = 14,
    busy = 16,
    exists = 17,
    invalid = 22,
    no_space = 28,
    range = 34,
    not_implemented = 38,
    timed_out = 110,
};

/// The name of an error for messages ("EINVAL"), or "E?".
const char* error_name(Error error);

/// The Error of a hypercall's negative return value.
constexpr Error error_of(long hypercall_result) { return static_cast<Error>(static_cast<int>(-hypercall_result)); }

/// A value or an error. Ask `ok()` first; `value()` of an error is whatever T{} is.
template <class T> class [[nodiscard]] Result {
  public:
    constexpr Result(T value) : value_(static_cast<T&&>(value)) {}
    constexpr Result(Error error) : error_(error) {}
    constexpr bool ok() const { return error_ == Error::none; }
    constexpr explicit operator bool() const { return ok(); }
    constexpr Error error() const { return error_; }
    constexpr T& value() { return value_; }
    constexpr const T& value() const { return value_; }
    constexpr T& operator*() { return value_; }
    constexpr const T& operator*() const { return value_; }
    constexpr T* operator->() { return &value_; }

  private:
    T value_{};
    Error error_ = Error::none;
};

/// Success or an error.
template <> class [[nodiscard]] Result<void> {
  public:
    constexpr Result() = default;
    constexpr Result(Error error) : error_(error) {}
    constexpr bool ok() const { return error_ == Error::none; }
    constexpr explicit operator bool() const { return ok(); }
    constexpr Error error() const { return error_; }

  private:
    Error error_ = Error::none;
};

/// Result of a hypercall that returns 0 or -errno.
constexpr Result<void> result_of(long hypercall_result) {
    return hypercall_result < 0 ? Result<void>(error_of(hypercall_result)) : Result<void>();
}

} // namespace minios
