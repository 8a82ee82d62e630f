// SPDX-License-Identifier: MIT
// alarm() and setitimer(ITIMER_REAL): the process's one timer that sends SIGALRM. What counts the processor's time for a process does not
// exist: a vCPU's share is not known.
#include "posix_timers.h"
#include "result.h"
#include "time_points.h"

#include <sys/time.h>
#include <unistd.h>

using namespace minios;
using libc::refuse;

namespace {

libc::PosixTimer& real_timer() {
    static constinit libc::PosixTimer timer;
    static bool ready;
    if (!ready) {
        ready = true;
        sigevent event{};
        event.sigev_notify = SIGEV_SIGNAL;
        event.sigev_signo = SIGALRM;
        timer.set_event(event, 0);
    }
    return timer;
}

bool valid(const timeval& time) { return time.tv_sec >= 0 && time.tv_usec >= 0 && time.tv_usec < 1'000'000; }
std::uint64_t nanoseconds(const timeval& time) { return libc::nanoseconds({time.tv_sec, time.tv_usec * 1000}); }
/// Rounded up: what has not run out is not zero.
timeval to_timeval(const timespec& time) {
    const auto us = static_cast<suseconds_t>((time.tv_nsec + 999) / 1000);
    return us == 1'000'000 ? timeval{time.tv_sec + 1, 0} : timeval{time.tv_sec, us};
}

} // namespace

extern "C" {

int getitimer(int which, struct itimerval* value) {
    if (which != ITIMER_REAL) return refuse(EINVAL);
    const itimerspec left = real_timer().left();
    *value = {to_timeval(left.it_interval), to_timeval(left.it_value)};
    return 0;
}

int setitimer(int which, const struct itimerval* __restrict value, struct itimerval* __restrict old) {
    if (which != ITIMER_REAL || !valid(value->it_value) || !valid(value->it_interval)) return refuse(EINVAL);
    if (old != nullptr) (void)getitimer(which, old);
    const std::uint64_t first = nanoseconds(value->it_value);
    real_timer().set(first != 0 ? clock::now_ns() + first : 0, nanoseconds(value->it_interval));
    return 0;
}

/// Rounded up, as the seconds left of an alarm that will come are never 0.
unsigned alarm(unsigned seconds) {
    const itimerspec left = real_timer().left();
    real_timer().set(seconds != 0 ? clock::now_ns() + seconds * libc::second_ns : 0, 0);
    return static_cast<unsigned>(left.it_value.tv_sec + (left.it_value.tv_nsec != 0));
}

} // extern "C"
