// SPDX-License-Identifier: MIT
// Descriptors and the calls of a process that has nobody to fork for: what works, and the errno of what does not.
#include "tests/programs/lib/check.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FAILS_WITH(call, number) check(#call " fails with " #number, (errno = 0, (call) == -1 && errno == number))

static void descriptors(void) {
    struct stat status;
    CHECK(isatty(1) && fstat(1, &status) == 0 && S_ISCHR(status.st_mode));
    const int copy = dup(1);
    CHECK(copy == 3 && write(copy, "through a copy\n", 15) == 15);
    CHECK(dup2(copy, 900) == 900 && fcntl(900, F_GETFD) == 0 && fcntl(900, F_SETFD, FD_CLOEXEC) == 0 && fcntl(900, F_GETFD) == FD_CLOEXEC);
    CHECK(close(copy) == 0 && close(900) == 0);
    FAILS_WITH(close(copy), EBADF);
    FAILS_WITH(write(copy, "x", 1), EBADF);
    FAILS_WITH(dup2(1, 5000), EBADF);
    FAILS_WITH(lseek(1, 0, SEEK_SET), ESPIPE);
    FAILS_WITH(ftruncate(1, 0), EINVAL);
    FAILS_WITH(fcntl(1, 99), EINVAL);
    CHECK(fcntl(0, F_SETFL, O_NONBLOCK) == 0);
    char byte;
    FAILS_WITH(read(0, &byte, 1), EAGAIN);
    const struct iovec pieces[] = {{"in ", 3}, {"pieces\n", 7}};
    CHECK(writev(1, pieces, 2) == 10);
}

static void paths(void) {
    FAILS_WITH(open("/nowhere", O_RDONLY), ENOENT);
    FAILS_WITH(mkdir("/nowhere/below", 0777), ENOENT);
    FAILS_WITH(unlink(""), ENOENT);
    char directory[10];
    CHECK(getcwd(directory, sizeof directory) == directory && strcmp(directory, "/") == 0);
    CHECK(getcwd(directory, 1) == NULL && errno == ERANGE);
}

static void processes(void) {
    int status;
    FAILS_WITH(fork(), ENOSYS);
    FAILS_WITH(wait(&status), ECHILD);
    FAILS_WITH(execve("/bin/sh", NULL, NULL), ENOSYS);
    FAILS_WITH(kill(77, SIGTERM), ESRCH);
    CHECK(getpid() == 1 && kill(getpid(), 0) == 0);
    CHECK(sysconf(_SC_PAGESIZE) == 4096 && sysconf(_SC_NPROCESSORS_ONLN) == 1);
    FAILS_WITH(sysconf(12345), EINVAL);
}

static int caught, times_caught;
static void handle(int number) {
    caught = number;
    times_caught++;
}
static void* raise_one(void* argument) {
    raise(SIGUSR1);
    return argument;
}

static void signals(void) {
    CHECK(signal(SIGUSR1, handle) == SIG_DFL && raise(SIGUSR1) == 0 && caught == SIGUSR1);
    CHECK(kill(getpid(), SIGUSR1) == 0 && times_caught == 2); // the handler stays
    pthread_t thread;
    pthread_create(&thread, NULL, raise_one, NULL);
    pthread_join(thread, NULL);
    CHECK(times_caught == 3); // and is every thread's

    struct sigaction action = {.sa_handler = handle}, old;
    sigaddset(&action.sa_mask, SIGUSR1);
    CHECK(sigaction(SIGUSR2, &action, &old) == 0 && old.sa_handler == SIG_DFL);
    sigset_t set, before;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    CHECK(sigprocmask(SIG_BLOCK, &set, &before) == 0 && before == 0 && raise(SIGUSR2) == 0 && times_caught == 3);
    CHECK(sigpending(&set) == 0 && sigismember(&set, SIGUSR2));
    CHECK(sigprocmask(SIG_SETMASK, &before, NULL) == 0 && caught == SIGUSR2 && times_caught == 4);
    CHECK(signal(SIGTERM, SIG_IGN) == SIG_DFL && raise(SIGTERM) == 0 && raise(SIGCHLD) == 0);
    FAILS_WITH(sigaction(SIGKILL, &action, NULL), EINVAL);
    FAILS_WITH(raise(99), EINVAL);
    CHECK(signal(99, handle) == SIG_ERR);
}

static void memory(void) {
    errno = 0;
    volatile size_t too_much = (size_t)1 << 45;
    CHECK(malloc(too_much) == NULL && errno == ENOMEM);
    CHECK(calloc(too_much, too_much) == NULL);
    void* aligned = NULL;
    CHECK(posix_memalign(&aligned, 4096, 100) == 0 && (size_t)aligned % 4096 == 0 && posix_memalign(&aligned, 3, 1) == EINVAL);
    free(aligned);
    char* grown = malloc(10);
    strcpy(grown, "kept");
    grown = realloc(grown, 100000);
    CHECK(grown != NULL && strcmp(grown, "kept") == 0);
    free(grown);
}

static void times_and_clocks(void) {
    struct timespec before, after, wait = {0, 2000000};
    CHECK(clock_gettime(CLOCK_MONOTONIC, &before) == 0 && nanosleep(&wait, NULL) == 0 && clock_gettime(CLOCK_MONOTONIC, &after) == 0);
    CHECK((after.tv_sec - before.tv_sec) * 1000000000L + after.tv_nsec - before.tv_nsec >= 2000000);
    struct timeval now;
    CHECK(gettimeofday(&now, NULL) == 0 && now.tv_sec == time(NULL) && now.tv_sec > 1500000000);
    CHECK(clock() > 0 && CLOCKS_PER_SEC == 1000000);
    FAILS_WITH(clock_settime(CLOCK_REALTIME, &wait), EPERM);
    FAILS_WITH(clock_gettime((clockid_t)99, &after), EINVAL);
}

static void* own_errno(void* argument) {
    errno = 5;
    return argument;
}

static void each_thread_its_errno(void) {
    pthread_t thread;
    errno = 3;
    pthread_create(&thread, NULL, own_errno, NULL);
    pthread_join(thread, NULL);
    CHECK(errno == 3);
}

static void nothing(void) {}
static void last_words(void) { printf("said at exit\n"); }

int main(void) {
    descriptors();
    paths();
    processes();
    signals();
    memory();
    times_and_clocks();
    each_thread_its_errno();
    for (int i = 0; i < 40; i++) atexit(i == 0 ? last_words : nothing); // more than the 32 that must work
    return checks_done();
}
