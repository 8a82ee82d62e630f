// SPDX-License-Identifier: MIT
// POSIX timers, alarm and setitimer. How long anything takes is not looked at, only what comes first and what is left.
#include "tests/programs/lib/check.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define FAILS_WITH(call, number) check(#call " fails with " #number, (errno = 0, (call) == -1 && errno == number))

static const struct itimerspec in_2ms = {{0, 0}, {0, 2000000}}, every_1ms = {{0, 1000000}, {0, 1000000}}, in_an_hour = {{60, 0}, {3600, 0}}, off;
static int seen, alarms;
static void note(int signal) { signal == SIGALRM ? alarms++ : seen++; }

static void signals(void) {
    sigset_t set;
    siginfo_t info;
    timer_t timer;
    struct sigevent event = {0};
    struct itimerspec left;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGUSR1;
    event.sigev_value.sival_int = 77;
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 && timer_gettime(timer, &left) == 0 && left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0);
    CHECK(timer_settime(timer, 0, &in_2ms, NULL) == 0 && sigwaitinfo(&set, &info) == SIGUSR1);
    CHECK(info.si_code == SI_TIMER && info.si_value.sival_int == 77 && timer_getoverrun(timer) == 0);
    CHECK(timer_settime(timer, 0, &every_1ms, NULL) == 0 && sigwaitinfo(&set, &info) == SIGUSR1 && sigwaitinfo(&set, &info) == SIGUSR1);
    usleep(10000); // its signal waits, and further periods count
    CHECK(sigwaitinfo(&set, &info) == SIGUSR1 && timer_getoverrun(timer) >= 5 && info.si_overrun == timer_getoverrun(timer));
    const struct itimerspec every_ns = {{0, 1}, {0, 1}}; // must not take all the time that there is
    CHECK(timer_settime(timer, 0, &every_ns, NULL) == 0 && sigwaitinfo(&set, &info) == SIGUSR1 && sigwaitinfo(&set, &info) == SIGUSR1);
    CHECK(info.si_overrun > 1000 && timer_settime(timer, 0, &every_1ms, NULL) == 0);
    CHECK(timer_settime(timer, 0, &in_an_hour, &left) == 0 && left.it_interval.tv_nsec == 1000000);
    CHECK(timer_gettime(timer, &left) == 0 && left.it_interval.tv_sec == 60 && left.it_value.tv_sec == 3599);
    const struct timespec now = {0, 0};
    while (sigtimedwait(&set, &info, &now) > 0) {}
    CHECK(timer_settime(timer, 0, &off, NULL) == 0);
    struct itimerspec at = {{0, 0}, {0, 0}};
    clock_gettime(CLOCK_MONOTONIC, &at.it_value);
    at.it_value.tv_sec -= at.it_value.tv_sec != 0; // passed already: at once
    at.it_value.tv_nsec |= 1;
    CHECK(timer_settime(timer, TIMER_ABSTIME, &at, NULL) == 0 && sigwaitinfo(&set, &info) == SIGUSR1);
    CHECK(timer_settime(timer, 0, &in_2ms, NULL) == 0 && usleep(10000) == 0 && timer_delete(timer) == 0); // its signal goes with it
    FAILS_WITH(sigtimedwait(&set, NULL, &now), EAGAIN);
    FAILS_WITH(timer_delete(timer), EINVAL);
    FAILS_WITH(timer_gettime(timer, &left), EINVAL);
    FAILS_WITH(timer_settime(timer, 0, &in_2ms, NULL), EINVAL);
    FAILS_WITH(timer_getoverrun(timer), EINVAL);

    CHECK(timer_create(CLOCK_REALTIME, NULL, &timer) == 0 && timer_settime(timer, 0, &in_2ms, NULL) == 0);
    CHECK(sigwaitinfo(&set, &info) == SIGALRM && info.si_value.sival_int == (int)timer && timer_delete(timer) == 0);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void quiet_and_refused(void) {
    timer_t timer, timers[40];
    struct sigevent event = {0};
    struct itimerspec left;
    event.sigev_notify = SIGEV_NONE;
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 && timer_settime(timer, 0, &in_2ms, NULL) == 0);
    usleep(10000);
    CHECK(timer_gettime(timer, &left) == 0 && left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0 && timer_delete(timer) == 0);
    event.sigev_notify = 9;
    FAILS_WITH(timer_create(CLOCK_MONOTONIC, &event, &timer), EINVAL);
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = 64;
    FAILS_WITH(timer_create(CLOCK_MONOTONIC, &event, &timer), EINVAL);
    FAILS_WITH(timer_create((clockid_t)55, NULL, &timer), EINVAL);
    int made = 0;
    while (made < 40 && timer_create(CLOCK_MONOTONIC, NULL, &timers[made]) == 0) made++;
    CHECK(made == 32 && errno == EAGAIN);
    while (made > 0) timer_delete(timers[--made]);
    const struct itimerspec wrong = {{0, 0}, {0, 1000000000}};
    CHECK(timer_create(CLOCK_MONOTONIC, NULL, &timer) == 0);
    FAILS_WITH(timer_settime(timer, 0, &wrong, NULL), EINVAL);
    timer_delete(timer);
}

static sem_t rang;
static int told;
static pthread_t teller;
static void tell(union sigval value) {
    told += value.sival_int;
    teller = pthread_self();
    sem_post(&rang);
}

static void threads(void) {
    timer_t timer;
    struct sigevent event = {0};
    event.sigev_notify = SIGEV_THREAD;
    event.sigev_notify_function = tell;
    event.sigev_value.sival_int = 5;
    sem_init(&rang, 0, 0);
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 && timer_settime(timer, 0, &every_1ms, NULL) == 0);
    CHECK(sem_wait(&rang) == 0 && sem_wait(&rang) == 0 && told >= 10 && !pthread_equal(teller, pthread_self()));
    CHECK(timer_delete(timer) == 0);
    usleep(3000);
    const int before = told;
    usleep(5000);
    CHECK(told == before);
}

static void alarms_and_intervals(void) {
    struct itimerval value = {{0, 1000}, {0, 1000}}, old;
    signal(SIGALRM, note);
    CHECK(setitimer(ITIMER_REAL, &value, NULL) == 0);
    while (alarms < 3) pause();
    value = (struct itimerval){{0, 0}, {0, 0}};
    CHECK(setitimer(ITIMER_REAL, &value, &old) == 0 && old.it_interval.tv_usec == 1000);
    CHECK(getitimer(ITIMER_REAL, &value) == 0 && value.it_value.tv_sec == 0 && value.it_value.tv_usec == 0);
    CHECK(alarm(100) == 0 && alarm(50) == 100 && alarm(0) == 50 && alarm(0) == 0);
    alarms = 0;
    alarm(1);
    CHECK(sleep(3000) > 2900 && alarms == 1);
    FAILS_WITH(setitimer(ITIMER_VIRTUAL, &value, NULL), EINVAL);
    FAILS_WITH(getitimer(ITIMER_PROF, &value), EINVAL);
    value.it_value.tv_usec = 1000000;
    FAILS_WITH(setitimer(ITIMER_REAL, &value, NULL), EINVAL);
}

/// A timer's handler ends the reading of a pipe that nobody writes to.
static void a_limit_for_reading(void) {
    struct sigaction action = {0};
    int ends[2];
    char byte;
    action.sa_handler = note;
    sigaction(SIGALRM, &action, NULL);
    pipe(ends);
    const struct itimerval value = {{0, 0}, {0, 3000}};
    setitimer(ITIMER_REAL, &value, NULL);
    FAILS_WITH(read(ends[0], &byte, 1), EINTR);
}

int main(void) {
    signals();
    quiet_and_refused();
    threads();
    alarms_and_intervals();
    a_limit_for_reading();
    return checks_done();
}
