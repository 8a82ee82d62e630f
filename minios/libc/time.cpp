// SPDX-License-Identifier: MIT
// Clocks and sleeping, over the hypervisor's time.
#include "time_points.h"
#include "waiting.h"

#include <sys/time.h>
#include <sys/times.h>
#include <unistd.h>

using namespace minios;
using libc::posix_result;
using libc::refuse;

namespace minios::libc {

std::uint64_t system_deadline(clockid_t clock, const timespec& when) {
    const std::uint64_t at = nanoseconds(when), now = clock::now_ns();
    if (clock == CLOCK_MONOTONIC) return at != 0 ? at : 1;
    const std::uint64_t wall = clock::wall_ns();
    const std::uint64_t deadline = at > wall ? now + (at - wall) : now;
    return deadline != 0 ? deadline : 1; // 0 would be never
}

} // namespace minios::libc

namespace {

/// Nanoseconds of a clock; false: no such clock.
bool read_clock(clockid_t clock, std::uint64_t& ns) {
    switch (clock) {
    case CLOCK_REALTIME: ns = clock::wall_ns(); return true;
    case CLOCK_MONOTONIC: ns = clock::now_ns(); return true;
    case CLOCK_PROCESS_CPUTIME_ID: ns = clock::since_entry_ns(); return true; // as times()
    default: return false;
    }
}

timespec to_timespec(std::uint64_t ns) {
    return {static_cast<time_t>(ns / libc::second_ns), static_cast<long>(ns % libc::second_ns)};
}

/// 0 or -EINTR. Others run even if the time has passed already.
int sleep_until(std::uint64_t deadline_ns) {
    WaitQueue nobody;
    for (;;) {
        const int error = libc::wait_once(nobody, deadline_ns, libc::Restart::never);
        if (error == -libc::cancelled) libc::end_cancelled_thread();
        if (error == -ETIMEDOUT) return 0;
        if (error == -EINTR) return error;
    }
}

std::uint64_t time_left(std::uint64_t deadline_ns) {
    const std::uint64_t now = clock::now_ns();
    return deadline_ns > now ? deadline_ns - now : 0;
}

} // namespace

extern "C" {

int clock_gettime(clockid_t clock, struct timespec* now) {
    std::uint64_t ns;
    if (!read_clock(clock, ns)) return refuse(EINVAL);
    *now = to_timespec(ns);
    return 0;
}

int timespec_get(struct timespec* now, int base) {
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, now) == 0 ? base : 0;
}

int clock_getres(clockid_t clock, struct timespec* resolution) {
    std::uint64_t ns;
    if (!read_clock(clock, ns)) return refuse(EINVAL);
    if (resolution != nullptr) *resolution = {0, 1};
    return 0;
}

/// The wall clock is the platform's, for all domains.
int clock_settime(clockid_t clock, const struct timespec*) { return refuse(clock == CLOCK_REALTIME ? EPERM : EINVAL); }
int settimeofday(const struct timeval*, const struct timezone*) { return refuse(EPERM); }

int gettimeofday(struct timeval* now, void*) {
    const std::uint64_t ns = clock::wall_ns();
    *now = {static_cast<time_t>(ns / libc::second_ns), static_cast<suseconds_t>(ns % libc::second_ns / 1000)};
    return 0;
}

/// The time since the domain was entered counts as its own: its vCPU's share is not known.
clock_t times(struct tms* times) {
    const std::uint64_t ticks = clock::since_entry_ns() / (libc::second_ns / CLOCKS_PER_SEC);
    *times = {ticks, 0, 0, 0};
    return ticks;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec* time, struct timespec* left) {
    std::uint64_t now;
    if (!read_clock(clock, now) || !libc::valid(*time)) return EINVAL;
    const bool absolute = (flags & TIMER_ABSTIME) != 0;
    const std::uint64_t deadline =
        absolute ? libc::system_deadline(clock, *time) : clock::now_ns() + libc::nanoseconds(*time);
    const int error = sleep_until(deadline);
    if (error == -EINTR && !absolute && left != nullptr) *left = to_timespec(time_left(deadline));
    return error == 0 ? 0 : EINTR;
}

int nanosleep(const struct timespec* time, struct timespec* left) {
    const int error = clock_nanosleep(CLOCK_MONOTONIC, 0, time, left);
    return error == 0 ? 0 : refuse(error);
}

unsigned sleep(unsigned seconds) {
    const std::uint64_t deadline = clock::now_ns() + seconds * libc::second_ns;
    if (sleep_until(deadline) == 0) return 0;
    return static_cast<unsigned>((time_left(deadline) + libc::second_ns - 1) / libc::second_ns);
}

int usleep(useconds_t microseconds) { return posix_result(sleep_until(clock::now_ns() + microseconds * 1000ull)); }

} // extern "C"
