// SPDX-License-Identifier: MIT
// Waits that a signal's handler or a cancellation may end. Every call that POSIX calls a cancellation point waits this way, and hands its
// result through finish() when it holds nothing any more: that is where a cancelled thread ends.
#pragma once

#include "result.h"
#include "signals.h"

namespace minios::libc {

/// What wait_once() returns, as -cancelled, when the thread was cancelled. No errno of newlib's is as high.
inline constexpr int cancelled = 4096;

/// Does a handler with SA_RESTART end the wait? (For read() and its kind it does not; sleeping and poll() always end.)
enum class Restart { as_the_action_says, never };

/// 0: woken, or nothing of what follows happened; -EINTR: a handler ran; -ETIMEDOUT: system time `deadline_ns` (0: never) has passed;
/// -cancelled. The caller looks whether what it waits for has come, whatever the answer is.
int wait_once(WaitQueue& queue, std::uint64_t deadline_ns = 0, Restart restart = Restart::as_the_action_says,
              bool cancellable = true);

/// Waits until `condition()`: 0, or as wait_once().
template <class Condition>
int wait_until(WaitQueue& queue, Condition condition, std::uint64_t deadline_ns = 0,
               Restart restart = Restart::as_the_action_says) {
    while (!condition())
        if (const int error = wait_once(queue, deadline_ns, restart); error != 0 && !condition()) return error;
    return 0;
}

/// Is the calling thread to end, and may it now?
bool cancellation_due();
/// Ends the calling thread as pthread_cancel() asks.
[[noreturn]] void end_cancelled_thread();

/// The result of a cancellation point: as posix_result(), or the thread ends.
template <class Number> Number finish(Number result) {
    if (result == -cancelled) end_cancelled_thread();
    return posix_result(result);
}

} // namespace minios::libc
