// SPDX-License-Identifier: MIT
// Mutexes (mutex_word.h), and spin locks, which with one vCPU and cooperative threads are mutexes that never need to
// wait long.
#include "mutex_word.h"
#include "process_shared.h"
#include "time_points.h"

#include <errno.h>

using minios::libc::MutexWord;

extern "C" {

int pthread_mutexattr_init(pthread_mutexattr_t* attributes) {
    *attributes = {};
    attributes->is_initialized = 1;
    attributes->type = PTHREAD_MUTEX_DEFAULT;
    return 0;
}
int pthread_mutexattr_destroy(pthread_mutexattr_t* attributes) {
    attributes->is_initialized = 0;
    return 0;
}
int pthread_mutexattr_settype(pthread_mutexattr_t* attributes, int type) {
    if (type < PTHREAD_MUTEX_NORMAL || type > PTHREAD_MUTEX_DEFAULT) return EINVAL;
    attributes->type = type;
    return 0;
}
int pthread_mutexattr_gettype(const pthread_mutexattr_t* attributes, int* type) {
    *type = attributes->type;
    return 0;
}
int pthread_mutexattr_setpshared(pthread_mutexattr_t*, int shared) { return minios::libc::set_process_shared(shared); }
int pthread_mutexattr_getpshared(const pthread_mutexattr_t*, int* shared) {
    return minios::libc::get_process_shared(shared);
}

int pthread_mutex_init(pthread_mutex_t* mutex, const pthread_mutexattr_t* attributes) {
    static_assert(PTHREAD_MUTEX_NORMAL == static_cast<int>(MutexWord::Type::standard) &&
                  PTHREAD_MUTEX_RECURSIVE == static_cast<int>(MutexWord::Type::recursive) &&
                  PTHREAD_MUTEX_ERRORCHECK == static_cast<int>(MutexWord::Type::error_check) &&
                  PTHREAD_MUTEX_DEFAULT == static_cast<int>(MutexWord::Type::by_default));
    const int type = attributes != nullptr ? attributes->type : PTHREAD_MUTEX_DEFAULT;
    *mutex = MutexWord::initial(static_cast<MutexWord::Type>(type));
    return 0;
}
int pthread_mutex_destroy(pthread_mutex_t* mutex) { return MutexWord(*mutex).locked() ? EBUSY : 0; }
int pthread_mutex_lock(pthread_mutex_t* mutex) { return MutexWord(*mutex).lock(); }
int pthread_mutex_trylock(pthread_mutex_t* mutex) { return MutexWord(*mutex).try_lock(); }
int pthread_mutex_unlock(pthread_mutex_t* mutex) { return MutexWord(*mutex).unlock(); }
int pthread_mutex_timedlock(pthread_mutex_t* mutex, const struct timespec* until) {
    if (const int result = MutexWord(*mutex).try_lock(); result != EBUSY) return result;
    if (!minios::libc::valid(*until)) return EINVAL;
    return MutexWord(*mutex).lock(minios::libc::system_deadline(CLOCK_REALTIME, *until));
}

int pthread_spin_init(pthread_spinlock_t* lock, int) { return pthread_mutex_init(lock, nullptr); }
int pthread_spin_destroy(pthread_spinlock_t* lock) { return pthread_mutex_destroy(lock); }
int pthread_spin_lock(pthread_spinlock_t* lock) { return pthread_mutex_lock(lock); }
int pthread_spin_trylock(pthread_spinlock_t* lock) { return pthread_mutex_trylock(lock); }
int pthread_spin_unlock(pthread_spinlock_t* lock) { return pthread_mutex_unlock(lock); }

} // extern "C"
