// SPDX-License-Identifier: MIT
// Signals: handlers and their flags, masks, queues, waiting for them, sending them to another thread, and what they interrupt.
#include "tests/programs/lib/check.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#define FAILS_WITH(call, number) check(#call " fails with " #number, (errno = 0, (call) == -1 && errno == number))

static int seen, last_code, last_value, depth, deepest, errno_inside;
static pthread_t seen_on;

static void note(int signal) {
    seen += signal;
    seen_on = pthread_self();
    errno = 99; // the interrupted call's must survive
}

static void note_info(int signal, siginfo_t* info, void* context) {
    seen += signal;
    last_code = info->si_code;
    last_value = info->si_value.sival_int;
    (void)context;
}

static void handle(int signal, void (*handler)(int), int flags) {
    struct sigaction action = {0};
    action.sa_handler = handler;
    action.sa_flags = flags;
    CHECK(sigaction(signal, &action, NULL) == 0);
}

static sigset_t only(int signal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    return set;
}

static void actions(void) {
    struct sigaction action = {0}, old;
    handle(SIGUSR1, note, 0);
    errno = 7;
    CHECK(raise(SIGUSR1) == 0 && seen == SIGUSR1 && errno == 7);
    CHECK(sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_handler == note);
    action.sa_sigaction = note_info;
    action.sa_flags = SA_SIGINFO;
    seen = 0;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && kill(getpid(), SIGUSR1) == 0 && seen == SIGUSR1 && last_code == SI_USER);
    handle(SIGUSR1, note, SA_RESETHAND);
    CHECK(raise(SIGUSR1) == 0 && sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_handler == SIG_DFL);
    seen = 0;
    CHECK(signal(SIGUSR1, SIG_IGN) == SIG_DFL && raise(SIGUSR1) == 0 && seen == 0);
    FAILS_WITH(sigaction(SIGKILL, &action, NULL), EINVAL);
    FAILS_WITH(sigaction(64, &action, NULL), EINVAL);
    action.sa_flags = 1 << 20;
    FAILS_WITH(sigaction(SIGUSR1, &action, NULL), EINVAL);
    FAILS_WITH(kill(2, 0), ESRCH);
    FAILS_WITH(kill(getpid(), -1), EINVAL);
    CHECK(kill(0, 0) == 0 && killpg(getpid(), 0) == 0);
}

static void nested(int signal) {
    if (++depth > deepest) deepest = depth;
    if (depth == 1) raise(signal);
    depth--;
}

static void deferring(void) {
    handle(SIGUSR2, nested, SA_NODEFER);
    raise(SIGUSR2);
    CHECK(deepest == 2);
    deepest = 0;
    handle(SIGUSR2, nested, 0); // the second comes when the first handler has returned, and raises a third, and so on: once only
    signal(SIGUSR2, note);
    seen = 0;
    raise(SIGUSR2);
    CHECK(seen == SIGUSR2 && depth == 0);
}

static void sets_and_masks(void) {
    sigset_t set, pending, old;
    CHECK(sigfillset(&set) == 0 && sigismember(&set, SIGRTMAX) == 1 && sigdelset(&set, SIGINT) == 0 && sigismember(&set, SIGINT) == 0);
    FAILS_WITH(sigaddset(&set, 64), EINVAL);
    FAILS_WITH(sigismember(&set, 0), EINVAL);
    handle(SIGUSR1, note, 0);
    set = only(SIGUSR1);
    seen = 0;
    CHECK(sigprocmask(SIG_BLOCK, &set, &old) == 0 && !sigismember(&old, SIGUSR1));
    raise(SIGUSR1);
    raise(SIGUSR1); // standard signals do not queue
    CHECK(seen == 0 && sigpending(&pending) == 0 && pending == set);
    CHECK(sigprocmask(SIG_SETMASK, &old, NULL) == 0 && seen == SIGUSR1 && sigpending(&pending) == 0 && pending == 0);
    set = only(SIGKILL);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && sigprocmask(SIG_BLOCK, NULL, &old) == 0 && !sigismember(&old, SIGKILL));
    FAILS_WITH(sigprocmask(9, &set, NULL), EINVAL);
}

static void queues(void) {
    struct sigaction action = {0};
    action.sa_sigaction = note_info;
    action.sa_flags = SA_SIGINFO;
    const sigset_t set = only(SIGRTMIN);
    sigaction(SIGRTMIN, &action, NULL);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    int sent = 0;
    while (sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 40 + sent}) == 0) sent++;
    CHECK(sent >= 32 && errno == EAGAIN);
    siginfo_t info;
    CHECK(sigwaitinfo(&set, &info) == SIGRTMIN && info.si_value.sival_int == 40 && info.si_code == SI_QUEUE);
    CHECK(sigwaitinfo(&set, &info) == SIGRTMIN && info.si_value.sival_int == 41);
    seen = 0;
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    CHECK(seen == (sent - 2) * SIGRTMIN && last_value == 40 + sent - 1);
}

static void* sends_later(void* signal) {
    usleep(2000);
    kill(getpid(), (int)(long)signal);
    return NULL;
}
/// Sends it to the process, from a thread that blocks it.
static pthread_t later(int signal) {
    sigset_t all, old;
    sigfillset(&all);
    pthread_t thread;
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_create(&thread, NULL, sends_later, (void*)(long)signal);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return thread;
}
#define INTERRUPTED(call, number) \
    do { \
        pthread_t sender = later(SIGUSR1); \
        seen = 0; \
        FAILS_WITH(call, number); \
        CHECK(seen == SIGUSR1 && pthread_equal(seen_on, pthread_self())); \
        pthread_join(sender, NULL); \
    } while (0)

static void waits_end(void) {
    const sigset_t usr2 = only(SIGUSR2);
    sigset_t set = only(SIGUSR1);
    int ends[2];
    char byte;
    siginfo_t info;
    struct timespec left = {0, 0};
    const struct timespec hour = {3600, 0}, past = {0, 1000};
    struct pollfd file;
    handle(SIGUSR1, note, 0);
    pipe(ends);
    file = (struct pollfd){ends[0], POLLIN, 0};
    INTERRUPTED(pause(), EINTR);
    INTERRUPTED(nanosleep(&hour, &left), EINTR);
    CHECK(left.tv_sec == 3599 && left.tv_nsec > 0);
    INTERRUPTED(usleep(100000000), EINTR);
    INTERRUPTED(poll(&file, 1, -1), EINTR);
    INTERRUPTED(select(0, NULL, NULL, NULL, NULL), EINTR);
    INTERRUPTED(read(ends[0], &byte, 1), EINTR);
    INTERRUPTED(sigtimedwait(&usr2, &info, &hour), EINTR);
    seen = 0;
    pthread_t sender = later(SIGUSR1);
    CHECK(sleep(1000) == 1000 && seen == SIGUSR1);
    pthread_join(sender, NULL);
    seen = 0;
    sender = later(SIGUSR1);
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, 0, &hour, &left) == EINTR && seen == SIGUSR1);
    pthread_join(sender, NULL);
    FAILS_WITH(sigtimedwait(&usr2, NULL, &past), EAGAIN);
    FAILS_WITH(sigtimedwait(&usr2, NULL, &(struct timespec){0, 0}), EAGAIN);

    pthread_sigmask(SIG_BLOCK, &set, NULL);
    sigset_t none;
    sigemptyset(&none);
    INTERRUPTED(sigsuspend(&none), EINTR);
    INTERRUPTED(ppoll(&file, 1, NULL, &none), EINTR);
    INTERRUPTED(pselect(0, NULL, NULL, NULL, NULL, &none), EINTR);
    int got = 0;
    seen = 0;
    sender = later(SIGUSR1);
    CHECK(sigwait(&set, &got) == 0 && got == SIGUSR1 && seen == 0);
    pthread_join(sender, NULL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    close(ends[0]);
    close(ends[1]);
}

static void* writes_later(void* end) {
    usleep(4000);
    return (void*)(long)write(*(int*)end, "x", 1);
}

static void restarting(void) {
    int ends[2];
    char byte = 0;
    pipe(ends);
    for (int i = 0; i < 2; i++) { // a handler set by signal(), then one with SA_RESTART
        if (i == 0)
            signal(SIGUSR1, note);
        else
            handle(SIGUSR1, note, SA_RESTART);
        pthread_t writer, sender = later(SIGUSR1);
        pthread_create(&writer, NULL, writes_later, &ends[1]);
        seen = 0;
        CHECK(read(ends[0], &byte, 1) == 1 && byte == 'x' && seen == SIGUSR1);
        pthread_join(writer, NULL);
        pthread_join(sender, NULL);
    }
    CHECK(siginterrupt(SIGUSR1, 1) == 0);
    INTERRUPTED(read(ends[0], &byte, 1), EINTR);
    CHECK(siginterrupt(SIGUSR1, 0) == 0);
    INTERRUPTED(poll(NULL, 0, -1), EINTR); // always
    close(ends[0]);
    close(ends[1]);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static volatile int ready, go;
static void* waits_on_condition(void* argument) {
    pthread_mutex_lock(&mutex);
    ready = 1;
    int woken = 0;
    while (!go) {
        pthread_cond_wait(&condition, &mutex);
        woken++;
    }
    pthread_mutex_unlock(&mutex);
    (void)argument;
    return (void*)(long)woken;
}

/// To one thread, which runs the handler in the middle of a wait that goes on.
static void to_another_thread(void) {
    pthread_t thread;
    void* woken;
    handle(SIGUSR1, note, 0);
    pthread_create(&thread, NULL, waits_on_condition, NULL);
    while (!ready) sched_yield();
    seen = 0;
    CHECK(pthread_kill(thread, 0) == 0 && pthread_kill(thread, 200) == EINVAL && pthread_kill(thread, SIGUSR1) == 0);
    sched_yield();
    CHECK(seen == SIGUSR1 && pthread_equal(seen_on, thread));
    pthread_mutex_lock(&mutex);
    go = 1;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
    CHECK(pthread_join(thread, &woken) == 0 && woken == (void*)1);
    CHECK(pthread_kill(thread, SIGUSR1) == ESRCH);
}

static sigjmp_buf place;
static void jump(int signal) { siglongjmp(place, signal); }

static void jumping(void) {
    sigset_t mask;
    signal(SIGUSR2, jump);
    if (sigsetjmp(place, 1) == 0) raise(SIGUSR2);
    CHECK(pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0 && !sigismember(&mask, SIGUSR2));
}

int main(void) {
    actions();
    deferring();
    sets_and_masks();
    queues();
    waits_end();
    restarting();
    to_another_thread();
    jumping();
    (void)errno_inside;
    return checks_done();
}
