// SPDX-License-Identifier: MIT
// Condition variables: waiters park at the variable's address. Its 32 bits only say by which clock
// pthread_cond_timedwait counts. No wake-up is spurious, and none is lost: a thread parks in the same step in which it
// gives the mutex up.
#include "mutex_word.h"
#include "parking.h"
#include "process_shared.h"
#include "time_points.h"
#include "waiting.h"

#include <errno.h>

using minios::libc::MutexWord;
using minios::libc::park;
using minios::libc::Parking;

namespace {

constexpr pthread_cond_t by_monotonic_clock = 1, by_wall_clock = 0;

clockid_t clock_of(pthread_cond_t condition) {
    return condition == by_monotonic_clock ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

int wait(pthread_cond_t* condition, pthread_mutex_t* mutex, std::uint64_t deadline_ns) {
    pthread_testcancel();
    if (const int error = MutexWord(*mutex).unlock(); error != 0) return error;
    const int error = park(condition, deadline_ns, Parking::or_cancelled);
    (void)MutexWord(*mutex).lock();
    if (error == -minios::libc::cancelled) minios::libc::end_cancelled_thread();
    return -error;
}

} // namespace

extern "C" {

int pthread_condattr_init(pthread_condattr_t* attributes) {
    *attributes = {};
    attributes->is_initialized = 1;
    attributes->clock = CLOCK_REALTIME;
    return 0;
}
int pthread_condattr_destroy(pthread_condattr_t* attributes) {
    attributes->is_initialized = 0;
    return 0;
}
int pthread_condattr_setclock(pthread_condattr_t* attributes, clockid_t clock) {
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) return EINVAL;
    attributes->clock = static_cast<clock_t>(clock);
    return 0;
}
int pthread_condattr_getclock(const pthread_condattr_t* __restrict attributes, clockid_t* __restrict clock) {
    *clock = static_cast<clockid_t>(attributes->clock);
    return 0;
}
int pthread_condattr_setpshared(pthread_condattr_t*, int shared) { return minios::libc::set_process_shared(shared); }
int pthread_condattr_getpshared(const pthread_condattr_t*, int* shared) {
    return minios::libc::get_process_shared(shared);
}

int pthread_cond_init(pthread_cond_t* condition, const pthread_condattr_t* attributes) {
    const bool monotonic = attributes != nullptr && attributes->clock == CLOCK_MONOTONIC;
    *condition = monotonic ? by_monotonic_clock : by_wall_clock;
    return 0;
}
int pthread_cond_destroy(pthread_cond_t* condition) { return minios::libc::parked(condition) ? EBUSY : 0; }
int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) { return wait(condition, mutex, 0); }
int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const struct timespec* until) {
    if (!minios::libc::valid(*until)) return EINVAL;
    return wait(condition, mutex, minios::libc::system_deadline(clock_of(*condition), *until));
}
int pthread_cond_signal(pthread_cond_t* condition) {
    (void)minios::libc::unpark_one(condition);
    return 0;
}
int pthread_cond_broadcast(pthread_cond_t* condition) {
    minios::libc::unpark_all(condition);
    return 0;
}

} // extern "C"
