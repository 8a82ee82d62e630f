// SPDX-License-Identifier: MIT
// pthread_once. In C, built with unwind tables: an exception out of the routine leaves it as if it had not been called, which
// std::call_once relies on, and C programs need no C++ library for it.
#include "once.h"

#include <pthread.h>

enum { not_yet, done, running };

struct run {
    pthread_once_t* once;
    int result;
};

static void finish(struct run* run) {
    run->once->init_executed = run->result;
    minios_unpark_all(run->once);
}

int pthread_once(pthread_once_t* once, void (*routine)(void)) {
    while (once->init_executed == running) minios_park(once);
    if (once->init_executed == done) return 0;
    once->init_executed = running;
    struct run run __attribute__((cleanup(finish))) = {once, not_yet};
    routine();
    run.result = done;
    return 0;
}
