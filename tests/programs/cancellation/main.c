// SPDX-License-Identifier: MIT
// pthread_cancel: where threads wait and ask, with clean-up handlers and keys, and where they may not be cancelled.
#include "tests/programs/lib/check.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_key_t key;
static sem_t semaphore;
static int ends[2];
static char trace[20];

static void leave(void* mark) { strcat(trace, mark); }
static void unlock(void* lock) {
    strcat(trace, "u");
    pthread_mutex_unlock(lock);
}

static void* sleeps(void* argument) {
    sleep(1000);
    return argument;
}
static void* reads(void* argument) {
    char byte;
    read(ends[0], &byte, 1);
    return argument;
}
static void* waits_for_semaphore(void* argument) {
    sem_wait(&semaphore);
    return argument;
}
static void* waits_for_signal(void* argument) {
    int signal;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    sigwait(&set, &signal);
    return argument;
}
static void* waits_on_condition(void* argument) {
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(unlock, &mutex);
    for (;;) pthread_cond_wait(&condition, &mutex);
    pthread_cleanup_pop(0);
    return argument;
}
static void* joins(void* thread) {
    pthread_join(*(pthread_t*)thread, NULL);
    return thread;
}
static void* asks(void* argument) {
    for (;;) {
        sched_yield();
        pthread_testcancel();
    }
    return argument;
}

static int is_cancelled(void* (*entry)(void*), void* argument) {
    pthread_t thread;
    void* result = NULL;
    pthread_create(&thread, NULL, entry, argument);
    sched_yield();
    return pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED;
}

static void where_threads_wait(void) {
    pthread_t sleeper;
    CHECK(is_cancelled(sleeps, NULL));
    CHECK(is_cancelled(reads, NULL));
    CHECK(is_cancelled(waits_for_semaphore, NULL));
    CHECK(is_cancelled(waits_for_signal, NULL));
    CHECK(is_cancelled(waits_on_condition, NULL) && strcmp(trace, "u") == 0 && pthread_mutex_trylock(&mutex) == 0);
    pthread_mutex_unlock(&mutex);
    pthread_create(&sleeper, NULL, sleeps, NULL);
    CHECK(is_cancelled(joins, &sleeper));
    CHECK(pthread_cancel(sleeper) == 0 && pthread_join(sleeper, NULL) == 0 && pthread_cancel(sleeper) == ESRCH);
    CHECK(is_cancelled(asks, NULL));
    CHECK(write(ends[1], "x", 1) == 1 && read(ends[0], trace, 1) == 1); // the pipe still works
}

static void* cleans_up(void* argument) {
    pthread_setspecific(key, "k");
    pthread_cleanup_push(leave, "1");
    pthread_cleanup_push(leave, "2");
    pthread_cleanup_push(leave, "3");
    pthread_cleanup_pop(1);
    sleep(1000);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return argument;
}
static void* exits(void* argument) {
    pthread_cleanup_push(leave, "e");
    pthread_exit(argument);
    pthread_cleanup_pop(0);
}

static void clean_up(void) {
    pthread_t thread;
    void* result;
    trace[0] = 0;
    pthread_key_create(&key, leave);
    CHECK(is_cancelled(cleans_up, NULL) && strcmp(trace, "321k") == 0);
    pthread_create(&thread, NULL, exits, trace);
    CHECK(pthread_join(thread, &result) == 0 && result == trace && strcmp(trace, "321ke") == 0);
}

static void* first_disabled(void* argument) {
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    const struct timespec moment = {0, 5000000};
    nanosleep(&moment, NULL);
    strcat(trace, "slept ");
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    strcat(trace, "deferred ");
    nanosleep(&moment, NULL);
    strcat(trace, "not here");
    return argument;
}
static void* asynchronous(void* argument) {
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    for (;;) sched_yield();
    return argument;
}
static void* mutex_first(void* argument) {
    pthread_mutex_lock(&mutex); // not a place to be cancelled
    strcat(trace, "locked");
    pthread_mutex_unlock(&mutex);
    pthread_testcancel();
    return argument;
}
/// In stdio the stream is locked: the thread is cancelled when it has given it back.
static void* in_stdio(void* argument) {
    char line[20];
    fgets(line, sizeof line, argument);
    strcat(trace, line);
    pthread_testcancel();
    return argument;
}

static void where_they_do_not(void) {
    pthread_t thread;
    void* result;
    trace[0] = 0;
    CHECK(is_cancelled(first_disabled, NULL) && strcmp(trace, "slept deferred ") == 0);
    CHECK(is_cancelled(asynchronous, NULL));
    trace[0] = 0;
    pthread_mutex_lock(&mutex);
    pthread_create(&thread, NULL, mutex_first, NULL);
    sched_yield();
    CHECK(pthread_cancel(thread) == 0);
    usleep(2000);
    CHECK(trace[0] == 0 && pthread_mutex_unlock(&mutex) == 0 && pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED && strcmp(trace, "locked") == 0);
    trace[0] = 0;
    FILE* stream = fdopen(ends[0], "r");
    pthread_create(&thread, NULL, in_stdio, stream);
    usleep(2000);
    CHECK(pthread_cancel(thread) == 0);
    usleep(2000);
    CHECK(write(ends[1], "line\n", 5) == 5 && pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED && strcmp(trace, "line\n") == 0);
    CHECK(fclose(stream) == 0);
    CHECK(pthread_setcancelstate(7, NULL) == EINVAL && pthread_setcanceltype(7, NULL) == EINVAL && pthread_cancel(12345) == ESRCH);
}

int main(void) {
    pipe(ends);
    sem_init(&semaphore, 0, 0);
    where_threads_wait();
    clean_up();
    where_they_do_not();
    return checks_done();
}
