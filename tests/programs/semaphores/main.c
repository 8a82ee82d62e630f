// SPDX-License-Identifier: MIT
// Semaphores, unnamed and named.
#include "tests/programs/lib/check.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define FAILS_WITH(call, number) check(#call " fails with " #number, (errno = 0, (call) == -1 && errno == number))

static sem_t items, room;
static int buffer[4], put_at, handled;

static void* produces(void* argument) {
    for (int i = 1; i <= 100; i++) {
        sem_wait(&room);
        buffer[put_at++ % 4] = i;
        sem_post(&items);
    }
    return argument;
}

static void note(int signal) { handled += signal; }
static void* signals_later(void* thread) {
    usleep(2000);
    pthread_kill(*(pthread_t*)thread, SIGUSR1);
    return NULL;
}

static void unnamed(void) {
    int value = -1, sum = 0;
    pthread_t thread;
    CHECK(sem_init(&items, 0, 0) == 0 && sem_init(&room, 0, 4) == 0 && sem_getvalue(&room, &value) == 0 && value == 4);
    FAILS_WITH(sem_trywait(&items), EAGAIN);
    pthread_create(&thread, NULL, produces, NULL);
    for (int i = 0; i < 100; i++) {
        sem_wait(&items);
        sum += buffer[i % 4];
        sem_post(&room);
    }
    pthread_join(thread, NULL);
    CHECK(sum == 5050 && sem_getvalue(&items, &value) == 0 && value == 0);

    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    FAILS_WITH(sem_timedwait(&items, &at), ETIMEDOUT);
    clock_gettime(CLOCK_MONOTONIC, &at);
    FAILS_WITH(sem_clockwait(&items, CLOCK_MONOTONIC, &at), ETIMEDOUT);
    at.tv_nsec = -1;
    FAILS_WITH(sem_timedwait(&items, &at), EINVAL);
    CHECK(sem_post(&items) == 0 && sem_timedwait(&items, &at) == 0);

    struct sigaction action = {0};
    action.sa_handler = note;
    sigaction(SIGUSR1, &action, NULL);
    pthread_t self = pthread_self();
    pthread_create(&thread, NULL, signals_later, &self);
    FAILS_WITH(sem_wait(&items), EINTR);
    CHECK(handled == SIGUSR1 && pthread_join(thread, NULL) == 0);

    sem_t full;
    sem_init(&full, 0, SEM_VALUE_MAX);
    FAILS_WITH(sem_post(&full), EOVERFLOW);
    FAILS_WITH(sem_init(&full, 0, (unsigned)SEM_VALUE_MAX + 1), EINVAL);
    FAILS_WITH(sem_init(&full, 1, 1), ENOSYS);
    CHECK(sem_destroy(&items) == 0 && sem_destroy(&room) == 0);
}

static void by_name(void) {
    CHECK(sem_open("/none", 0) == SEM_FAILED && errno == ENOENT);
    sem_t* first = sem_open("/count", O_CREAT | O_EXCL, 0600, 2);
    CHECK(first != SEM_FAILED && sem_open("/count", O_CREAT | O_EXCL, 0600, 2) == SEM_FAILED && errno == EEXIST);
    sem_t* second = sem_open("/count", O_CREAT, 0600, 9);
    int value = 0;
    CHECK(second == first && sem_wait(first) == 0 && sem_getvalue(second, &value) == 0 && value == 1);
    CHECK(sem_unlink("/count") == 0 && sem_post(first) == 0 && sem_open("/count", 0) == SEM_FAILED);
    CHECK(sem_close(first) == 0 && sem_close(second) == 0);
    FAILS_WITH(sem_close(first), EINVAL);
    FAILS_WITH(sem_unlink("/count"), ENOENT);
    CHECK(sem_open("/a/b", O_CREAT, 0600, 1) == SEM_FAILED && errno == EINVAL);
}

int main(void) {
    unnamed();
    by_name();
    return checks_done();
}
