// SPDX-License-Identifier: MIT
// How xen-core reports failure: a nodiscard Result, and one small vocabulary of reasons. Xen's errno values appear
// only at the hypercall boundary (hypercalls/errno.h maps Error to them).
#pragma once

#include <new>
#include <type_traits>
#include <utility>

namespace skerry {

// Each reason names the errno that the hypercall boundary returns for it.
enum class [[nodiscard]] Error : int{
    none = 0,
    not_permitted,   // EPERM: the caller lacks the right
    not_found,       // ENOENT: no such object
    no_such_domain,  // ESRCH
    bad_address,     // EFAULT: guest memory could not be read or written
    access_denied,   // EACCES
    busy,            // EBUSY: in use as something else
    exists,          // EEXIST
    no_device,       // ENODEV
    invalid,         // EINVAL
    no_space,        // ENOSPC: a bounded table is full
    out_of_range,    // ERANGE
    no_system_call,  // ENOSYS: absent hypercall or sub-operation
    not_supported,   // EOPNOTSUPP
    no_memory,       // ENOMEM: the account's limit or the machine's memory
    too_big,         // E2BIG
    try_again,       // EAGAIN
    no_buffer_space, // ENOBUFS
    overflow,        // EOVERFLOW
    is_connected,    // EISCONN
    out_of_domain,   // EDOM
    no_link,         // EXDEV
    name_in_use,     // EADDRINUSE
    no_data,         // ENODATA
    timed_out,       // ETIME: a deadline that has passed
    restart,         // the work budget is spent: continue the same call later (never reaches a guest)
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
    constexpr void value() const {}

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
