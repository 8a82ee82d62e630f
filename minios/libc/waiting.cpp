// SPDX-License-Identifier: MIT
#include "waiting.h"

namespace minios::libc {

namespace {

/// Why the calling thread should not go on waiting: 0, -EINTR or -cancelled.
int interruption(Restart restart, bool cancellable) {
    const Handled handled = handle_signals();
    if (cancellable && cancellation_due()) return -cancelled;
    const bool ends =
        handled == Handled::interrupting || (handled == Handled::only_restarting && restart == Restart::never);
    return ends ? -EINTR : 0;
}

} // namespace

int wait_once(WaitQueue& queue, std::uint64_t deadline_ns, Restart restart, bool cancellable) {
    if (const int before = interruption(restart, cancellable); before != 0) return before;
    const WaitEnd end = queue.wait_interruptibly(deadline_ns);
    if (const int during = interruption(restart, cancellable); during != 0) return during;
    return end == WaitEnd::timed_out ? -ETIMEDOUT : 0;
}

} // namespace minios::libc
