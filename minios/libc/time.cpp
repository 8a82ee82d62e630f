// SPDX-License-Identifier: MIT
// Clocks and sleeping, over the hypervisor's time.
#include "time_points.h"

#include "result.h"

#include <sys/resource.h>
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
    default: return false;
    }
}

timespec to_timespec(std::uint64_t ns) {
    return {static_cast<time_t>(ns / libc::second_ns), static_cast<long>(ns % libc::second_ns)};
}

} // namespace

extern "C" {

int clock_gettime(clockid_t clock, struct timespec* now) {
    std::uint64_t ns;
    if (!read_clock(clock, ns)) return refuse(EINVAL);
    *now = to_timespec(ns);
    return 0;
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

/// As times(): all of it is the program's own.
int getrusage(int who, struct rusage* usage) {
    if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN) return refuse(EINVAL);
    const std::uint64_t ns = who == RUSAGE_SELF ? clock::since_entry_ns() : 0;
    *usage = {{static_cast<time_t>(ns / libc::second_ns), static_cast<suseconds_t>(ns % libc::second_ns / 1000)}, {}};
    return 0;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec* time, struct timespec*) {
    std::uint64_t now;
    if (!read_clock(clock, now) || !libc::valid(*time)) return EINVAL;
    const std::uint64_t at = libc::nanoseconds(*time);
    if ((flags & TIMER_ABSTIME) == 0)
        clock::sleep_ns(at);
    else if (at > now)
        clock::sleep_ns(at - now);
    return 0;
}

int nanosleep(const struct timespec* time, struct timespec*) {
    if (!libc::valid(*time)) return refuse(EINVAL);
    clock::sleep_ns(libc::nanoseconds(*time));
    return 0;
}

unsigned sleep(unsigned seconds) {
    clock::sleep_ns(seconds * libc::second_ns);
    return 0;
}

int usleep(useconds_t microseconds) {
    clock::sleep_ns(microseconds * 1000ull);
    return 0;
}

} // extern "C"
