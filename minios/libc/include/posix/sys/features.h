// SPDX-License-Identifier: MIT
// Found before newlib's header of the same name: the parts of POSIX that minios has, which is what makes newlib's
// headers declare them.
#ifndef SKERRY_SYS_FEATURES_H
#define SKERRY_SYS_FEATURES_H

#include_next <sys/features.h>

#define _POSIX_BARRIERS 200809L
#define _POSIX_CLOCK_SELECTION 200809L
#define _POSIX_MAPPED_FILES 200809L
#define _POSIX_MEMORY_PROTECTION 200809L
#define _POSIX_MONOTONIC_CLOCK 200809L
#define _POSIX_READER_WRITER_LOCKS 200809L
#define _POSIX_REALTIME_SIGNALS 200809L
#define _POSIX_REGEXP 1
#define _POSIX_SEMAPHORES 200809L
#define _POSIX_SPIN_LOCKS 200809L
#define _POSIX_SYNCHRONIZED_IO 200809L
#define _POSIX_THREAD_ATTR_STACKSIZE 200809L
#define _POSIX_THREAD_SAFE_FUNCTIONS 200809L
// Not for newlib itself, which would switch cancelling off and on in every call of stdio: here a thread is not cancelled in one anyway.
#ifndef SKERRY_BUILDS_NEWLIB
#define _POSIX_THREADS 200809L
#endif
#define _POSIX_TIMEOUTS 200809L
#define _POSIX_TIMERS 200809L
#define _UNIX98_THREAD_MUTEX_ATTRIBUTES 1

#endif
