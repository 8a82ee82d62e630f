// SPDX-License-Identifier: MIT
#include "measure.h"

#include <pthread.h>
#include <sched.h>

static unsigned turns;

static void* yields(void* unused) {
    (void)unused;
    for (unsigned i = 0; i < turns; ++i) sched_yield();
    return NULL;
}

/// Two threads that do nothing but let the other one run: what a switch costs.
static uint64_t yield(unsigned count) {
    pthread_t other;
    turns = count / 2;
    if (pthread_create(&other, NULL, yields, NULL) != 0) return 0;
    const uint64_t start = read_tsc();
    yields(NULL);
    pthread_join(other, NULL);
    return read_tsc() - start;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int ball;

static void* play(void* side) {
    const int own = side != NULL;
    pthread_mutex_lock(&mutex);
    for (unsigned i = 0; i < turns; ++i) {
        while (ball != own) pthread_cond_wait(&changed, &mutex);
        ball = !own;
        pthread_cond_signal(&changed);
    }
    pthread_mutex_unlock(&mutex);
    return NULL;
}

/// There and back through a mutex and a condition variable.
static uint64_t ping_pong(unsigned count) {
    pthread_t other;
    turns = count;
    ball = 0;
    if (pthread_create(&other, NULL, play, &turns) != 0) return 0;
    const uint64_t start = read_tsc();
    play(NULL);
    pthread_join(other, NULL);
    return read_tsc() - start;
}

static void* nothing(void* argument) { return argument; }

static uint64_t create_join(unsigned count) {
    const uint64_t start = read_tsc();
    for (unsigned i = 0; i < count; ++i) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, nothing, NULL) != 0 || pthread_join(thread, NULL) != 0) return 0;
    }
    return read_tsc() - start;
}

static uint64_t lock_unlock(unsigned count) {
    const uint64_t start = read_tsc();
    for (unsigned i = 0; i < count; ++i) {
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
    }
    return read_tsc() - start;
}

void measure_threads(void) {
    measure("thread_switch", yield, 1000);
    measure("thread_ping_pong", ping_pong, 500);
    measure("thread_create_join", create_join, 100);
    measure("mutex_lock_unlock", lock_unlock, 1000);
}
