// SPDX-License-Identifier: MIT
// The calls of docs/posix.md that always fail, and those that fail for want of somebody else: each with its errno. None may pretend.
#define _GNU_SOURCE
#include "tests/programs/lib/check.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define FAILS_WITH(call, number) check(#call " fails with " #number, (errno = 0, (call) == -1 && errno == number))

static void processes(void) {
    char* nothing[] = {NULL};
    int status;
    FAILS_WITH(fork(), ENOSYS);
    FAILS_WITH(vfork(), ENOSYS);
    FAILS_WITH(execve("/bin/sh", nothing, nothing), ENOSYS);
    FAILS_WITH(execl("/bin/sh", "sh", NULL), ENOSYS);
    FAILS_WITH(execvp("/bin/sh", nothing), ENOSYS);
    CHECK(posix_spawn(&(pid_t){0}, "/bin/sh", NULL, NULL, nothing, nothing) == ENOSYS);
    FAILS_WITH(wait(&status), ECHILD);
    FAILS_WITH(waitid(P_ALL, 0, &(siginfo_t){0}, WEXITED), ECHILD);
    FAILS_WITH(wait4(-1, &status, 0, NULL), ECHILD);
    FAILS_WITH(waitpid(-1, &status, WNOHANG), ECHILD);
    FAILS_WITH(system("true"), ENOSYS);
    CHECK(system(NULL) == 0); // there is no shell
    CHECK((errno = 0, popen("true", "r")) == NULL && errno == ENOSYS);
    FAILS_WITH(pclose(stdin), ECHILD);
    FAILS_WITH(setsid(), EPERM);
    FAILS_WITH(setpgid(0, 0), EPERM);
    FAILS_WITH(setuid(1000), EINVAL);
    FAILS_WITH(setgid(1000), EINVAL);
    FAILS_WITH(kill(2, SIGTERM), ESRCH);
    FAILS_WITH(sigqueue(2, SIGTERM, (union sigval){0}), ESRCH);
    FAILS_WITH((long)sbrk(4096), ENOSYS);
    CHECK(dlopen(NULL, RTLD_NOW) == NULL && dlerror() != NULL && dlerror() == NULL && dlsym(RTLD_DEFAULT, "main") == NULL);
}

static void clocks(void) {
    const struct timespec now = {0, 0};
    const struct timeval then = {0, 0};
    const struct itimerval value = {{0, 0}, {0, 0}};
    FAILS_WITH(clock_settime(CLOCK_REALTIME, &now), EPERM);
    FAILS_WITH(clock_settime(CLOCK_MONOTONIC, &now), EINVAL);
    FAILS_WITH(settimeofday(&then, NULL), EPERM);
    FAILS_WITH(setitimer(ITIMER_VIRTUAL, &value, NULL), EINVAL);
    FAILS_WITH(setitimer(ITIMER_PROF, &value, NULL), EINVAL);
}

static void files(void) {
    const struct timespec times[2] = {{0, 0}, {0, 0}};
    const struct rlimit limit = {5, 5};
    char byte;
    int ends[2];
    close(creat("/file", 0666));
    pipe(ends);
    FAILS_WITH(link("/file", "/twin"), EPERM);
    FAILS_WITH(linkat(AT_FDCWD, "/file", AT_FDCWD, "/twin", 0), EPERM);
    FAILS_WITH(chown("/file", 1, 1), EINVAL);
    FAILS_WITH(fchmodat(AT_FDCWD, "/file", 0, AT_SYMLINK_NOFOLLOW), EOPNOTSUPP);
    FAILS_WITH(utimensat(AT_FDCWD, "/file", times, AT_SYMLINK_NOFOLLOW), EINVAL);
    FAILS_WITH(fcntl(ends[0], F_SETLK, &(struct flock){.l_type = F_RDLCK}), EINVAL);
    FAILS_WITH(fcntl(ends[0], 777, NULL), EINVAL);
    FAILS_WITH(ioctl(ends[0], 0x1234, NULL), ENOTTY);
    FAILS_WITH(pipe2(ends, O_APPEND), EINVAL);
    FAILS_WITH(lseek(ends[0], 0, SEEK_SET), ESPIPE);
    FAILS_WITH(lseek(0, 0, SEEK_SET), ESPIPE);
    FAILS_WITH(pread(ends[0], &byte, 1, 0), ESPIPE);
    FAILS_WITH(fsync(ends[1]), EINVAL);
    FAILS_WITH(fsync(1), EINVAL);
    FAILS_WITH(ftruncate(ends[1], 0), EINVAL);
    FAILS_WITH(fchdir(ends[0]), ENOTDIR);
    FAILS_WITH(tcsetattr(ends[0], TCSANOW, NULL), ENOTTY);
    FAILS_WITH(mkfifo("/fifo", 0666), ENOSYS);
    FAILS_WITH(mknodat(AT_FDCWD, "/node", S_IFCHR | 0666, 0), ENOSYS);
    FAILS_WITH(flock(ends[0], 77), EINVAL);
    FAILS_WITH(poll(NULL, 1025, 0), EINVAL);
    FAILS_WITH(lockf(ends[0], F_LOCK, 1), EINVAL);
    FAILS_WITH(dup3(ends[0], ends[0], 0), EINVAL);
    FAILS_WITH(tcgetpgrp(ends[0]), ENOTTY);
    CHECK(posix_fallocate(ends[1], 0, 1) == ESPIPE && posix_fadvise(ends[0], 0, 0, POSIX_FADV_NORMAL) == ESPIPE);
    CHECK(ttyname(ends[0]) == NULL && errno == ENOTTY);
    FAILS_WITH(setrlimit(RLIMIT_NOFILE, &limit), EPERM);
}

static void sockets(void) {
    int ends[2], value = 1;
    struct sockaddr address = {0};
    const int stream = socket(AF_INET, SOCK_STREAM, 0);
    FAILS_WITH(socket(AF_UNIX, SOCK_STREAM, 0), EAFNOSUPPORT);
    FAILS_WITH(socketpair(AF_INET, SOCK_STREAM, 0, ends), EOPNOTSUPP);
    FAILS_WITH(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), EPROTONOSUPPORT);
    FAILS_WITH(setsockopt(stream, SOL_SOCKET, 0x7777, &value, sizeof value), ENOPROTOOPT);
    FAILS_WITH(listen(0, 1), ENOTSOCK);
    FAILS_WITH(getpeername(stream, &address, &(socklen_t){sizeof address}), ENOTCONN);
}

static void* nothing(void* argument) { return argument; }

static void threads(void) {
    static char stack[65536];
    pthread_attr_t attributes;
    pthread_mutexattr_t mutex;
    pthread_barrierattr_t barrier;
    pthread_rwlockattr_t rwlock;
    pthread_condattr_t condition;
    pthread_t thread;
    sem_t semaphore;
    pthread_attr_init(&attributes);
    pthread_mutexattr_init(&mutex);
    pthread_barrierattr_init(&barrier);
    pthread_rwlockattr_init(&rwlock);
    pthread_condattr_init(&condition);
    CHECK(pthread_attr_setstack(&attributes, stack, sizeof stack) == ENOSYS && pthread_attr_setstackaddr(&attributes, stack) == ENOSYS);
    size_t guard = 0;
    CHECK(pthread_attr_setguardsize(&attributes, 1 << 20) == EINVAL && pthread_attr_getguardsize(&attributes, &guard) == 0 && guard == 65536);
    CHECK(pthread_attr_setguardsize(&attributes, 8192) == 0 && pthread_attr_getguardsize(&attributes, &guard) == 0 && guard == 8192);
    CHECK(pthread_mutexattr_setpshared(&mutex, 1) == ENOTSUP && pthread_barrierattr_setpshared(&barrier, 1) == ENOTSUP);
    CHECK(pthread_rwlockattr_setpshared(&rwlock, 1) == ENOTSUP && pthread_condattr_setpshared(&condition, 1) == ENOTSUP);
    const struct sched_param high = {.sched_priority = 1};
    CHECK(pthread_attr_setscope(&attributes, PTHREAD_SCOPE_PROCESS) == ENOTSUP && pthread_attr_setschedpolicy(&attributes, SCHED_FIFO) == ENOTSUP);
    CHECK(pthread_setschedparam(pthread_self(), SCHED_OTHER, &high) == EINVAL && sched_get_priority_max(SCHED_FIFO) == 0);
    FAILS_WITH(sched_setscheduler(0, SCHED_FIFO, &high), EPERM);
    FAILS_WITH(sched_getscheduler(2), ESRCH);
    FAILS_WITH(sem_init(&semaphore, 1, 0), ENOSYS);
    pthread_create(&thread, NULL, nothing, NULL);
    pthread_join(thread, NULL);
    CHECK(pthread_join(thread, NULL) == ESRCH && pthread_kill(thread, 0) == ESRCH && pthread_cancel(thread) == ESRCH);
}

int main(void) {
    processes();
    clocks();
    files();
    sockets();
    threads();
    return checks_done();
}
