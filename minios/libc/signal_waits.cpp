// SPDX-License-Identifier: MIT
// Calls that wait for signals.
#include "time_points.h"
#include "waiting.h"

#include <unistd.h>

using namespace minios;
using libc::finish;
using libc::this_thread;

namespace {

/// Until a handler has run: -EINTR, or -cancelled.
int wait_for_handler() {
    WaitQueue nobody;
    for (;;)
        if (const int error = libc::wait_once(nobody, 0, libc::Restart::never); error != 0) return error;
}

/// Takes one of `set`: its number; -EAGAIN: none came before the deadline (0: never); -EINTR: the handler of another ran; -cancelled.
int wait_for_signal(sigset_t set, siginfo_t& info, std::uint64_t deadline_ns, bool once) {
    WaitQueue nobody;
    for (;;) {
        if (libc::take_signal(set, info)) return info.si_signo;
        if (once) return -EAGAIN;
        this_thread().awaited_signals = set;
        const int error = libc::wait_once(nobody, deadline_ns, libc::Restart::never);
        this_thread().awaited_signals = 0;
        if (error == 0) continue;
        if (error != -libc::cancelled && libc::take_signal(set, info)) return info.si_signo;
        return error == -ETIMEDOUT ? -EAGAIN : error;
    }
}

} // namespace

extern "C" {

int pause() { return finish(wait_for_handler()); }

int sigsuspend(const sigset_t* mask) {
    const sigset_t before = libc::set_signal_mask(*mask);
    const int result = wait_for_handler();
    (void)libc::set_signal_mask(before);
    (void)libc::handle_signals();
    return finish(result);
}

int sigtimedwait(const sigset_t* set, siginfo_t* info, const struct timespec* timeout) {
    if (timeout != nullptr && !libc::valid(*timeout)) return libc::refuse(EINVAL);
    const std::uint64_t wait_ns = timeout != nullptr ? libc::nanoseconds(*timeout) : 0;
    const std::uint64_t deadline = timeout != nullptr ? clock::now_ns() + wait_ns : 0;
    siginfo_t taken{};
    const int result = wait_for_signal(*set, taken, deadline, timeout != nullptr && wait_ns == 0);
    if (result > 0 && info != nullptr) *info = taken;
    return finish(result);
}
int sigwaitinfo(const sigset_t* set, siginfo_t* info) { return sigtimedwait(set, info, nullptr); }

int sigwait(const sigset_t* set, int* signal) {
    siginfo_t info;
    int result;
    do { result = wait_for_signal(*set, info, 0, false); } while (result == -EINTR);
    if (result == -libc::cancelled) libc::end_cancelled_thread();
    *signal = result;
    return 0;
}

} // extern "C"
