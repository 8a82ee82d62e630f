// SPDX-License-Identifier: MIT
// pthreads from C: create, join, detach, mutexes of each type, condition variables, keys, once, read-write locks, barriers.
#include "tests/programs/lib/check.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int counter, turn, destroyed, onces;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;

static struct timespec soon(clockid_t clock, long ms) {
    struct timespec at;
    clock_gettime(clock, &at);
    at.tv_nsec += ms * 1000000;
    at.tv_sec += at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    return at;
}

static void* count(void* argument) {
    for (int i = 0; i < 100; i++) {
        pthread_mutex_lock(&mutex);
        const int seen = counter;
        sched_yield();
        counter = seen + 1;
        pthread_mutex_unlock(&mutex);
    }
    return argument;
}

static void mutexes(void) {
    pthread_t threads[10];
    for (long i = 0; i < 10; i++) CHECK(pthread_create(&threads[i], NULL, count, (void*)i) == 0);
    int right = 1;
    for (long i = 0; i < 10; i++) {
        void* result;
        right = right && pthread_join(threads[i], &result) == 0 && result == (void*)i;
    }
    check("ten threads return what they were given", right);
    CHECK(counter == 1000);
    CHECK(pthread_join(threads[3], NULL) == ESRCH);
    CHECK(pthread_join(pthread_self(), NULL) != 0);

    CHECK(pthread_mutex_lock(&mutex) == 0 && pthread_mutex_lock(&mutex) == EDEADLK && pthread_mutex_trylock(&mutex) == EBUSY);
    CHECK(pthread_mutex_destroy(&mutex) == EBUSY && pthread_mutex_unlock(&mutex) == 0 && pthread_mutex_unlock(&mutex) == EPERM);

    pthread_mutexattr_t attributes;
    pthread_mutex_t recursive;
    pthread_mutexattr_init(&attributes);
    CHECK(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE) == 0 && pthread_mutexattr_settype(&attributes, 9) == EINVAL);
    pthread_mutex_init(&recursive, &attributes);
    CHECK(pthread_mutex_lock(&recursive) == 0 && pthread_mutex_lock(&recursive) == 0 && pthread_mutex_trylock(&recursive) == 0);
    CHECK(pthread_mutex_unlock(&recursive) == 0 && pthread_mutex_unlock(&recursive) == 0 && pthread_mutex_unlock(&recursive) == 0);
    CHECK(pthread_mutex_unlock(&recursive) == EPERM);
}

static void* holds(void* argument) {
    pthread_mutex_lock(&mutex);
    usleep(20000);
    pthread_mutex_unlock(&mutex);
    return argument;
}

static void timeouts(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, holds, NULL);
    sched_yield();
    struct timespec at = soon(CLOCK_REALTIME, 2);
    CHECK(pthread_mutex_timedlock(&mutex, &at) == ETIMEDOUT);
    at = soon(CLOCK_REALTIME, 5000);
    CHECK(pthread_mutex_timedlock(&mutex, &at) == 0);
    pthread_join(thread, NULL);
    at = soon(CLOCK_REALTIME, 3);
    CHECK(pthread_cond_timedwait(&condition, &mutex, &at) == ETIMEDOUT);
    CHECK(pthread_mutex_unlock(&mutex) == 0);
    pthread_condattr_t attributes;
    pthread_cond_t monotonic;
    pthread_condattr_init(&attributes);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    pthread_cond_init(&monotonic, &attributes);
    pthread_mutex_lock(&mutex);
    at = soon(CLOCK_MONOTONIC, 3);
    CHECK(pthread_cond_timedwait(&monotonic, &mutex, &at) == ETIMEDOUT);
    pthread_mutex_unlock(&mutex);
}

static void* ping_pong(void* argument) {
    const int mine = argument != NULL;
    for (int i = 0; i < 50; i++) {
        pthread_mutex_lock(&mutex);
        while (turn != mine) pthread_cond_wait(&condition, &mutex);
        turn = !mine;
        pthread_cond_signal(&condition);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void conditions(void) {
    pthread_t other;
    pthread_create(&other, NULL, ping_pong, &turn);
    ping_pong(NULL);
    CHECK(pthread_join(other, NULL) == 0 && turn == 0);
}

static void destroy(void* value) { destroyed += *(int*)value; }
static void do_once(void) { onces++; }
static void* with_key(void* argument) {
    CHECK(pthread_getspecific(key) == NULL && pthread_setspecific(key, argument) == 0);
    pthread_once(&once, do_once);
    pthread_exit(NULL);
}

static void keys(void) {
    int values[2] = {1, 2}, own = 4;
    pthread_t threads[2];
    CHECK(pthread_key_create(&key, destroy) == 0 && pthread_setspecific(key, &own) == 0);
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, with_key, &values[i]);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    CHECK(destroyed == 3 && pthread_getspecific(key) == &own);
    CHECK(pthread_key_delete(key) == 0 && pthread_setspecific(key, &own) == EINVAL);
    CHECK(onces == 1);
}

static void* reads(void* argument) {
    pthread_rwlock_rdlock(&rwlock);
    *(int*)argument = counter;
    pthread_rwlock_unlock(&rwlock);
    return NULL;
}

static void read_write_locks(void) {
    int seen = 0;
    pthread_t reader;
    CHECK(pthread_rwlock_wrlock(&rwlock) == 0 && pthread_rwlock_tryrdlock(&rwlock) == EBUSY);
    pthread_create(&reader, NULL, reads, &seen);
    sched_yield();
    counter = 77;
    CHECK(seen == 0 && pthread_rwlock_unlock(&rwlock) == 0);
    pthread_join(reader, NULL);
    CHECK(seen == 77);
    CHECK(pthread_rwlock_rdlock(&rwlock) == 0 && pthread_rwlock_tryrdlock(&rwlock) == 0 && pthread_rwlock_trywrlock(&rwlock) == EBUSY);
    CHECK(pthread_rwlock_unlock(&rwlock) == 0 && pthread_rwlock_unlock(&rwlock) == 0 && pthread_rwlock_unlock(&rwlock) == EPERM);
}

static void* meets(void* argument) { return (void*)(long)(pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD ? 1 : 0 * (long)argument); }

static void barriers(void) {
    pthread_t threads[3];
    pthread_barrier_init(&barrier, NULL, 4);
    for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, meets, NULL);
    long serial = (long)meets(NULL);
    for (int i = 0; i < 3; i++) {
        void* result;
        pthread_join(threads[i], &result);
        serial += (long)result;
    }
    CHECK(serial == 1);
}

static void* detached(void* argument) {
    ++*(int*)argument;
    return NULL;
}

static void many_detached(void) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    CHECK(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 && pthread_attr_setstacksize(&attributes, 100) == EINVAL);
    CHECK(pthread_attr_setstacksize(&attributes, 32768) == 0);
    int ended = 0, created = 1;
    for (int i = 0; i < 200; i++) { // more stacks than there is memory for, were they kept
        pthread_t thread;
        created = created && pthread_create(&thread, &attributes, detached, &ended) == 0;
        sched_yield();
    }
    usleep(1000);
    CHECK(created && ended == 200);
}

static void kept_wishes(void) {
    int old = -1;
    CHECK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old) == 0 && old == PTHREAD_CANCEL_ENABLE);
    CHECK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old) == 0 && old == PTHREAD_CANCEL_DISABLE);
    CHECK(pthread_setconcurrency(3) == 0 && pthread_getconcurrency() == 3 && pthread_setconcurrency(-1) == EINVAL);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    CHECK(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_PRIVATE) == 0);
    CHECK(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == ENOTSUP);
    CHECK(pthread_join(pthread_self(), NULL) == EDEADLK);
}

static int signals_seen;
static void note_signal(int signal) { signals_seen += signal == SIGUSR1; }

static void pselect_lets_waiting_signals_come(void) {
    sigset_t usr1, none;
    sigemptyset(&none);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    signal(SIGUSR1, note_signal);
    pthread_sigmask(SIG_BLOCK, &usr1, NULL);
    raise(SIGUSR1);
    const struct timespec now = {0, 0}, wrong = {0, -1};
    CHECK(pselect(0, NULL, NULL, NULL, &now, &usr1) == 0 && signals_seen == 0);
    errno = 0;
    CHECK(pselect(0, NULL, NULL, NULL, &now, &none) == -1 && errno == EINTR && signals_seen == 1);
    raise(SIGUSR1);
    CHECK(signals_seen == 1); // blocked as before
    pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
    CHECK(signals_seen == 2 && pselect(0, NULL, NULL, NULL, &wrong, NULL) == -1);
}

int main(void) {
    mutexes();
    timeouts();
    conditions();
    keys();
    read_write_locks();
    barriers();
    many_detached();
    kept_wishes();
    pselect_lets_waiting_signals_come();
    return checks_done();
}
