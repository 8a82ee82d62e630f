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

namespace detail {
// What every result has.
class [[nodiscard]] Outcome {
  public:
    constexpr Outcome(Error error) : error_(error) {}
    constexpr bool ok() const { return error_ == Error::none; }
    constexpr Error error() const { return error_; }

  private:
    Error error_;
};
} // namespace detail

// A value or a reason.
template <typename T> class [[nodiscard]] Result : public detail::Outcome {
  public:
    constexpr Result(T value) : Outcome(Error::none), value_(std::move(value)) {}
    constexpr Result(Error error) : Outcome(error) {}
    constexpr Result(Result&& other) : Outcome(other.error()) {
        if (ok()) new (&value_) T(std::move(other.value_));
    }
    constexpr ~Result() {
        if (ok()) value_.~T();
    }
    constexpr T& value() & { return value_; }
    constexpr const T& value() const& { return value_; }
    constexpr T&& value() && { return std::move(value_); }

  private:
    union {
        T value_; // alive only if ok()
    };
};

// Small trivially copyable results travel in two registers.
template <typename T>
requires(std::is_trivially_copyable_v<T>&& std::is_default_constructible_v<T>) class [[nodiscard]] Result<T>
    : public detail::Outcome {
  public:
    constexpr Result(T value) : Outcome(Error::none), value_(value) {}
    constexpr Result(Error error) : Outcome(error), value_() {}
    constexpr T value() const { return value_; }

  private:
    T value_;
};

template <> class [[nodiscard]] Result<void> : public detail::Outcome {
  public:
    using Outcome::Outcome;
    constexpr Result() : Outcome(Error::none) {}
    constexpr void value() const {}
};

using Status = Result<void>;
inline constexpr Status success{};

// Evaluate a Result; return `reason` from the enclosing function, or yield its value (nothing for a Status).
#define TRY_AS(expression, reason)                                                                                     \
    ({                                                                                                                 \
        auto try_result_ = (expression);                                                                               \
        if (!try_result_.ok()) [[unlikely]]                                                                            \
            return reason;                                                                                             \
        std::move(try_result_).value();                                                                                \
    })

// The same, with the reason that it gives.
#define TRY(expression) TRY_AS(expression, try_result_.error())
#define TRY_STATUS(expression) TRY(expression)

} // namespace skerry
