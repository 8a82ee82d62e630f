// SPDX-License-Identifier: MIT
// What xen-core's floors expect from the machine, on the host: a log that is kept quiet, a panic that ends the test
// with its message, and the check of the lock order (build with -DSKERRY_CHECK_LOCKS).
#include "base/lock.h"
#include "base/log.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <sched.h>

namespace skerry {

void spin_wait_hook() { sched_yield(); }

static void print(const char* what, const char* format, va_list arguments) {
    fprintf(stderr, "[xen-core] %s: ", what);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void log(LogLevel, const char* format, ...) {
    if (!getenv("SKERRY_TEST_LOG")) return;
    va_list arguments;
    va_start(arguments, format);
    print("log", format, arguments);
    va_end(arguments);
}

Error refuse(Error reason, DomId, const char* format, ...) {
    if (!getenv("SKERRY_TEST_LOG")) return reason;
    va_list arguments;
    va_start(arguments, format);
    print("refused", format, arguments);
    va_end(arguments);
    return reason;
}

void panic(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print("panic", format, arguments);
    va_end(arguments);
    abort();
}

#ifdef SKERRY_CHECK_LOCKS
namespace {
struct HeldLock {
    LockRank rank;
    const void* lock;
};
thread_local HeldLock held[16];
thread_local unsigned held_count = 0;
} // namespace

void note_lock_taken(LockRank rank, const void* lock, bool same_rank_allowed) {
    for (unsigned i = 0; i < held_count; ++i) {
        if (held[i].lock == lock) panic("a lock of rank %u is taken twice", unsigned(rank));
        bool in_order = held[i].rank < rank || (held[i].rank == rank && same_rank_allowed && held[i].lock < lock);
        if (!in_order)
            panic("a lock of rank %u is taken while one of rank %u is held", unsigned(rank), unsigned(held[i].rank));
    }
    if (held_count == 16) panic("too many locks are held");
    held[held_count++] = {rank, lock};
}

void note_lock_released(LockRank, const void* lock) {
    for (unsigned i = held_count; i-- > 0;) {
        if (held[i].lock != lock) continue;
        for (unsigned j = i + 1; j < held_count; ++j) held[j - 1] = held[j];
        --held_count;
        return;
    }
    panic("a lock is released that is not held");
}

unsigned locks_held() { return held_count; }
#endif

} // namespace skerry
