// SPDX-License-Identifier: MIT
// Semaphores: a count, and who waits parks at its address. Posting hands the count to the one who waits longest. Named ones are the
// process's own, since there is no other.
#include "parking.h"
#include "time_points.h"
#include "waiting.h"

#include <minios/memory.h>

#include <limits.h>
#include <semaphore.h>
#include <stdarg.h>
#include <string.h>

using namespace minios;
using libc::finish;
using libc::Parking;
using libc::refuse;

namespace {

bool try_take(sem_t& semaphore) {
    if (semaphore.count == 0) return false;
    --semaphore.count;
    return true;
}

int take_until(sem_t& semaphore, std::uint64_t deadline_ns) {
    pthread_testcancel();
    return finish(try_take(semaphore) ? 0 : libc::park(&semaphore, deadline_ns, Parking::or_signalled));
}

struct NamedSemaphore {
    sem_t semaphore; ///< first: what the program has
    unsigned opens;
    bool unlinked;
    NamedSemaphore* next;
    char name[NAME_MAX + 1]; ///< without the leading '/'
};
NamedSemaphore* named;

/// The name as it is kept: 0, -EINVAL or -ENAMETOOLONG.
int plain_name(const char*& name) {
    if (name[0] == '/') ++name;
    if (name[0] == 0 || strchr(name, '/') != nullptr) return -EINVAL;
    return strlen(name) > NAME_MAX ? -ENAMETOOLONG : 0;
}

NamedSemaphore* find_named(const char* name) {
    for (NamedSemaphore* at = named; at != nullptr; at = at->next)
        if (!at->unlinked && strcmp(at->name, name) == 0) return at;
    return nullptr;
}

void forget_unused(NamedSemaphore& semaphore) {
    if (!semaphore.unlinked || semaphore.opens != 0) return;
    NamedSemaphore** at = &named;
    while (*at != &semaphore) at = &(*at)->next;
    *at = semaphore.next;
    heap::destroy(&semaphore);
}

int open_named(const char* name, int flags, unsigned value, NamedSemaphore*& found) {
    if (const int error = plain_name(name); error != 0) return error;
    found = find_named(name);
    if (found != nullptr) return (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL) ? -EEXIST : 0;
    if ((flags & O_CREAT) == 0) return -ENOENT;
    if (value > SEM_VALUE_MAX) return -EINVAL;
    found = heap::make<NamedSemaphore>();
    if (found == nullptr) return -ENOMEM;
    *found = {{value}, 0, false, named, {}};
    strcpy(found->name, name);
    named = found;
    return 0;
}

} // namespace

extern "C" {

/// There is one process: nothing can be shared with another.
int sem_init(sem_t* semaphore, int shared, unsigned value) {
    if (value > SEM_VALUE_MAX) return refuse(EINVAL);
    if (shared != 0) return refuse(ENOSYS);
    semaphore->count = value;
    return 0;
}
int sem_destroy(sem_t* semaphore) { return libc::parked(semaphore) ? refuse(EBUSY) : 0; }

int sem_wait(sem_t* semaphore) { return take_until(*semaphore, 0); }
int sem_trywait(sem_t* semaphore) { return try_take(*semaphore) ? 0 : refuse(EAGAIN); }
int sem_clockwait(sem_t* __restrict semaphore, clockid_t clock, const struct timespec* __restrict until) {
    if (try_take(*semaphore)) return 0; // then the time need not be valid
    if (!libc::valid(*until) || (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)) return refuse(EINVAL);
    return take_until(*semaphore, libc::system_deadline(clock, *until));
}
int sem_timedwait(sem_t* __restrict semaphore, const struct timespec* __restrict until) {
    return sem_clockwait(semaphore, CLOCK_REALTIME, until);
}

int sem_post(sem_t* semaphore) {
    if (libc::unpark_one(semaphore) != 0) return 0;
    if (semaphore->count == SEM_VALUE_MAX) return refuse(EOVERFLOW);
    ++semaphore->count;
    return 0;
}
int sem_getvalue(sem_t* __restrict semaphore, int* __restrict value) {
    *value = static_cast<int>(semaphore->count);
    return 0;
}

sem_t* sem_open(const char* name, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    (void)((flags & O_CREAT) != 0 && va_arg(arguments, int)); // permissions: there are no users
    const unsigned value = (flags & O_CREAT) != 0 ? va_arg(arguments, unsigned) : 0;
    va_end(arguments);
    NamedSemaphore* found;
    if (const int error = open_named(name, flags, value, found); error != 0) {
        errno = -error;
        return SEM_FAILED;
    }
    ++found->opens;
    return &found->semaphore;
}

int sem_close(sem_t* semaphore) {
    for (NamedSemaphore* at = named; at != nullptr; at = at->next) {
        if (&at->semaphore != semaphore || at->opens == 0) continue;
        --at->opens;
        forget_unused(*at);
        return 0;
    }
    return refuse(EINVAL);
}

int sem_unlink(const char* name) {
    if (const int error = plain_name(name); error != 0) return libc::posix_result(error);
    NamedSemaphore* found = find_named(name);
    if (found == nullptr) return refuse(ENOENT);
    found->unlinked = true;
    forget_unused(*found);
    return 0;
}

} // extern "C"
