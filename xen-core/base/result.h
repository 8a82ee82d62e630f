// SPDX-License-Identifier: MIT
// How xen-core reports failure: a nodiscard Result, and one small vocabulary of reasons. That each has the number of
// Xen's errno for it concerns only the hypercall boundary, which has nothing to translate then.
#pragma once

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
    no_space = XEN_ENOSPC,       // a bounded table is full
    no_system_call = XEN_ENOSYS, // absent hypercall or sub-operation
    not_supported = XEN_EOPNOTSUPP,
    no_memory = XEN_ENOMEM, // the account's limit or the machine's memory
    too_big = XEN_E2BIG,
    try_again = XEN_EAGAIN,
    overflow = XEN_EOVERFLOW,
    no_data = XEN_ENODATA,
    timed_out = XEN_ETIME, // a deadline that has passed
    restart = 0x7000,      // no errno: the work budget is spent: continue the same call later (never reaches a guest)
};

// What every result has.
class [[nodiscard]] Outcome {
  public:
    constexpr Outcome(Error error) : error_(error) {}
    constexpr bool ok() const { return error_ == Error::none; }
    constexpr Error error() const { return error_; }

  private:
    Error error_;
};

// A value or a reason. Small trivially copyable results travel in two registers.
template <typename T> class [[nodiscard]] Result : public Outcome {
  public:
    constexpr Result(T value) : Outcome(Error::none), value_(std::move(value)) {}
    constexpr Result(Error error) : Outcome(error), value_() {}
    constexpr T& value() & { return value_; }
    constexpr const T& value() const& { return value_; }
    constexpr T&& value() && { return std::move(value_); }

  private:
    T value_; // a default one unless ok()
};

template <> class [[nodiscard]] Result<void> : public Outcome {
  public:
    using Outcome::Outcome;
    constexpr Result() : Outcome(Error::none) {}
    constexpr void value() const {}
    // Where a number is asked for, mere success is 0.
    constexpr operator Result<int64_t>() const { return error(); }
};

using Status = Result<void>;
inline constexpr Status success{};
constexpr Status success_if(bool condition, Error otherwise) { return condition ? success : Status(otherwise); }

// How long one entry into xen-core may work. Interrupts are off inside xen-core, so latency is bounded by counting
// work, not by polling for interrupts: every loop whose length a guest chooses spends units here, and returns
// Error::restart with its progress recorded when they are used up. The hypercall layer then re-executes the call after
// letting interrupts and the scheduler in.
class WorkBudget {
  public:
    // A unit is about one page-table entry or one frame handled: some 100 instructions.
    static constexpr int32_t units_per_entry = 2048;

    explicit WorkBudget(int32_t units = units_per_entry) : left_(units) {}

    // True while there is budget; the unit that makes it run out is still granted, so every call makes progress.
    bool spend(int32_t units = 1) {
        bool had = left_ > 0;
        left_ -= units;
        return had;
    }
    bool is_spent() const { return left_ <= 0; }

  private:
    int32_t left_;
};

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

} // namespace skerry
