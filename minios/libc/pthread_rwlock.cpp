// SPDX-License-Identifier: MIT
// Locks for readers and writers, in 32 bits: bit 30 a writer has it, bit 29 a writer waits (so that new readers wait
// behind it), below the number of readers. All ones, the static initializer, is free. And barriers, which count down.
#include "parking.h"
#include "process_shared.h"
#include "time_points.h"

#include <errno.h>

using minios::libc::park;
using minios::libc::unpark_all;

namespace {

constexpr std::uint32_t unused = 0xffffffff, written = 1u << 30, writer_waits = 1u << 29,
                        most_readers = writer_waits - 1;

std::uint32_t& word_of(pthread_rwlock_t* lock) {
    if (*lock == unused) *lock = 0;
    return *lock;
}

bool try_read(std::uint32_t& word) {
    if ((word & (written | writer_waits)) != 0) return false;
    ++word;
    return true;
}

bool try_write(std::uint32_t& word) {
    if ((word & (written | most_readers)) != 0) return false;
    word |= written;
    return true;
}

/// Tries until it works or the deadline (0: never) has passed. `mark`: what waiting sets.
int acquire(pthread_rwlock_t* lock, bool (*attempt)(std::uint32_t&), std::uint32_t mark, std::uint64_t deadline_ns) {
    std::uint32_t& word = word_of(lock);
    while (!attempt(word)) {
        word |= mark;
        if (park(lock, deadline_ns) != 0) {
            word &= ~mark;    // other waiting writers set it again
            unpark_all(lock); // readers that waited only for us
            return ETIMEDOUT;
        }
    }
    return 0;
}

int acquire_until(pthread_rwlock_t* lock, bool (*attempt)(std::uint32_t&), std::uint32_t mark, const timespec& until) {
    if (attempt(word_of(lock))) return 0;
    if (!minios::libc::valid(until)) return EINVAL;
    return acquire(lock, attempt, mark, minios::libc::system_deadline(CLOCK_REALTIME, until));
}

} // namespace

extern "C" {

int pthread_rwlockattr_init(pthread_rwlockattr_t* attributes) {
    *attributes = {};
    attributes->is_initialized = 1;
    return 0;
}
int pthread_rwlockattr_destroy(pthread_rwlockattr_t* attributes) {
    attributes->is_initialized = 0;
    return 0;
}
int pthread_rwlockattr_setpshared(pthread_rwlockattr_t*, int shared) {
    return minios::libc::set_process_shared(shared);
}
int pthread_rwlockattr_getpshared(const pthread_rwlockattr_t*, int* shared) {
    return minios::libc::get_process_shared(shared);
}

int pthread_rwlock_init(pthread_rwlock_t* lock, const pthread_rwlockattr_t*) {
    *lock = 0;
    return 0;
}
int pthread_rwlock_destroy(pthread_rwlock_t* lock) { return word_of(lock) != 0 ? EBUSY : 0; }
int pthread_rwlock_rdlock(pthread_rwlock_t* lock) { return acquire(lock, try_read, 0, 0); }
int pthread_rwlock_wrlock(pthread_rwlock_t* lock) { return acquire(lock, try_write, writer_waits, 0); }
int pthread_rwlock_tryrdlock(pthread_rwlock_t* lock) { return try_read(word_of(lock)) ? 0 : EBUSY; }
int pthread_rwlock_trywrlock(pthread_rwlock_t* lock) { return try_write(word_of(lock)) ? 0 : EBUSY; }
int pthread_rwlock_timedrdlock(pthread_rwlock_t* lock, const struct timespec* until) {
    return acquire_until(lock, try_read, 0, *until);
}
int pthread_rwlock_timedwrlock(pthread_rwlock_t* lock, const struct timespec* until) {
    return acquire_until(lock, try_write, writer_waits, *until);
}

int pthread_rwlock_unlock(pthread_rwlock_t* lock) {
    std::uint32_t& word = word_of(lock);
    if ((word & written) != 0)
        word &= ~written;
    else if ((word & most_readers) != 0)
        --word;
    else
        return EPERM;
    if ((word & most_readers) != 0) return 0;
    word &= ~writer_waits; // all waiters try again, in their order
    unpark_all(lock);
    return 0;
}

int pthread_barrierattr_init(pthread_barrierattr_t* attributes) {
    *attributes = {};
    attributes->is_initialized = 1;
    return 0;
}
int pthread_barrierattr_destroy(pthread_barrierattr_t*) { return 0; }
int pthread_barrierattr_setpshared(pthread_barrierattr_t*, int shared) {
    return minios::libc::set_process_shared(shared);
}
int pthread_barrierattr_getpshared(const pthread_barrierattr_t*, int* shared) {
    return minios::libc::get_process_shared(shared);
}

/// Upper half: how many it takes; lower half: how many have come.
int pthread_barrier_init(pthread_barrier_t* barrier, const pthread_barrierattr_t*, unsigned count) {
    if (count == 0 || count > 0xffff) return EINVAL;
    *barrier = count << 16;
    return 0;
}
int pthread_barrier_destroy(pthread_barrier_t* barrier) { return (*barrier & 0xffff) != 0 ? EBUSY : 0; }
int pthread_barrier_wait(pthread_barrier_t* barrier) {
    ++*barrier;
    if ((*barrier & 0xffff) < *barrier >> 16) {
        (void)park(barrier);
        return 0;
    }
    *barrier &= 0xffff0000;
    unpark_all(barrier);
    return PTHREAD_BARRIER_SERIAL_THREAD;
}

} // extern "C"
