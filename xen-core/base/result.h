// SPDX-License-Identifier: MIT
// How xen-core reports failure: a nodiscard Result, and one small vocabulary of reasons. That each has the number of
// Xen's errno for it concerns only the hypercall boundary, which has nothing to translate then.
#pragma once

#include <new>
#include <stdint.h>
#include <type_traits>
#include <utility>
#include <xen/errno.h>

namespace skerry {

// Each reason, and the errno (<xen/errno.h>) that a guest sees for it.
enum class [[nodiscard]] Error : int{
    none = 0,
    not_permitted = XEN_EPERM, // the caller lacks the right
    not_found = XEN_ENOENT,    // no such object
    no_such_domain = XEN_ESRCH,
    bad_address = XEN_EFAULT, // guest memory could not be read or written
    access_denied = XEN_EACCES,
    busy = XEN_EBUSY, // in use as something else
    exists = XEN_EEXIST,
    no_device = XEN_ENODEV,
    invalid = XEN_EINVAL,
    no_space = XEN_ENOSPC, // a bounded table is full
    out_of_range = XEN_ERANGE,
    no_system_call = XEN_ENOSYS, // absent hypercall or sub-operation
    not_supported = XEN_EOPNOTSUPP,
    no_memory = XEN_ENOMEM, // the account's limit or the machine's memory
    too_big = XEN_E2BIG,
    try_again = XEN_EAGAIN,
    no_buffer_space = XEN_ENOBUFS,
    overflow = XEN_EOVERFLOW,
    is_connected = XEN_EISCONN,
    out_of_domain = XEN_EDOM,
    no_link = XEN_EXDEV,
    name_in_use = XEN_EADDRINUSE,
    no_data = XEN_ENODATA,
    timed_out = XEN_ETIME, // a deadline that has passed
    restart = 0x7000,      // no errno: the work budget is spent: continue the same call later (never reaches a guest)
};

// A value or a reason. Small trivially copyable results travel in two registers.
template <typename T> class [[nodiscard]] Result {
  public:
    constexpr Result(T value) : error_(Error::none) { new (&storage_.value) T(std::move(value)); }
    constexpr Result(Error error) : error_(error) {}
    constexpr Result(Result&& other) : error_(other.error_) {
        if (ok()) new (&storage_.value) T(std::move(other.storage_.value));
    }
    Result(const Result&) = delete;
    Result& operator=(const Result&) = delete;
    constexpr ~Result() {
        if (ok()) storage_.value.~T();
    }

    constexpr bool ok() const { return error_ == Error::none; }
    constexpr Error error() const { return error_; }
    constexpr T& value() & { return storage_.value; }
    constexpr const T& value() const& { return storage_.value; }
    constexpr T&& value() && { return std::move(storage_.value); }

  private:
    union Storage {
        constexpr Storage() : nothing() {}
        constexpr ~Storage() {}
        char nothing;
        T value;
    } storage_;
    Error error_;
};

template <typename T>
requires(std::is_trivially_copyable_v<T>&& std::is_default_constructible_v<T>) class [[nodiscard]] Result<T> {
  public:
    constexpr Result(T value) : value_(value), error_(Error::none) {}
    constexpr Result(Error error) : value_(), error_(error) {}
    constexpr bool ok() const { return error_ == Error::none; }
    constexpr Error error() const { return error_; }
    constexpr T value() const { return value_; }

  private:
    T value_;
    Error error_;
};

template <> class [[nodiscard]] Result<void> {
  public:
    constexpr Result() : error_(Error::none) {}
    constexpr Result(Error error) : error_(error) {}
    constexpr bool ok() const { return error_ == Error::none; }
    constexpr Error error() const { return error_; }
    // Where a number is asked for, mere success is 0.
    constexpr operator Result<int64_t>() const { return error_; }

  private:
    Error error_;
};

using Status = Result<void>;
inline constexpr Status success{};

// Evaluate a Result; return its error from the enclosing function, or yield its value.
#define TRY(expression)                                                                                                \
    ({                                                                                                                 \
        auto try_result_ = (expression);                                                                               \
        if (!try_result_.ok()) [[unlikely]]                                                                            \
            return try_result_.error();                                                                                \
        std::move(try_result_).value();                                                                                \
    })

// The same, with another reason than the one it gives.
#define TRY_AS(expression, reason)                                                                                     \
    ({                                                                                                                 \
        auto try_result_ = (expression);                                                                               \
        if (!try_result_.ok()) [[unlikely]]                                                                            \
            return reason;                                                                                             \
        std::move(try_result_).value();                                                                                \
    })

// The same where there is no value to yield.
#define TRY_STATUS(expression)                                                                                         \
    do {                                                                                                               \
        auto try_result_ = (expression);                                                                               \
        if (!try_result_.ok()) [[unlikely]]                                                                            \
            return try_result_.error();                                                                                \
    } while (0)

} // namespace skerry
