// SPDX-License-Identifier: MIT
// What programs of others expect to find: /dev, names of open files, record locks, calls about whole files, the lock of a stream, the system's name and its one user.
#define _GNU_SOURCE
#include "tests/programs/lib/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/uio.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define FAILS_WITH(call, number) check(#call " fails with " #number, (errno = 0, (call) == -1 && errno == number))

static void devices(void) {
    char bytes[64] = "unchanged", others[64];
    struct stat status;
    const int nothing = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDONLY), noise = open("/dev/urandom", O_RDONLY);
    CHECK(nothing >= 0 && write(nothing, bytes, sizeof bytes) == sizeof bytes && read(nothing, bytes, sizeof bytes) == 0);
    CHECK(strcmp(bytes, "unchanged") == 0);
    CHECK(zero >= 0 && read(zero, bytes, sizeof bytes) == sizeof bytes && bytes[0] == 0 && bytes[8] == 0);
    CHECK(noise >= 0 && read(noise, bytes, sizeof bytes) == sizeof bytes && read(noise, others, sizeof others) == sizeof others);
    CHECK(memcmp(bytes, others, sizeof bytes) != 0);
    CHECK(fstat(nothing, &status) == 0 && S_ISCHR(status.st_mode) && stat("/dev", &status) == 0 && S_ISDIR(status.st_mode));
    FAILS_WITH(write(zero, bytes, 1), EBADF);
    FAILS_WITH(lseek(nothing, 0, SEEK_SET), ESPIPE);
    FAILS_WITH(open("/dev/none", O_RDONLY), ENOENT);
    FAILS_WITH(open("/dev/none", O_WRONLY | O_CREAT, 0666), EROFS);
    FAILS_WITH(unlink("/dev/null"), EROFS);
    FAILS_WITH(open("/dev", O_WRONLY), EISDIR);
    close(nothing), close(zero), close(noise);
    int entries = 0, top = 0;
    DIR* folder = opendir("/dev");
    for (struct dirent* entry; folder != NULL && (entry = readdir(folder)) != NULL;) ++entries;
    closedir(folder);
    folder = opendir("/");
    for (struct dirent* entry; folder != NULL && (entry = readdir(folder)) != NULL;) top += strcmp(entry->d_name, "dev") == 0;
    closedir(folder);
    CHECK(entries >= 6 && top == 1);
}

/// Names of open files: reading goes on where the descriptor's file stands, and what is not open for writing cannot be written.
static void names_of_open_files(void) {
    char bytes[8] = "", name[20];
    int ends[2];
    struct stat status;
    const int file = open("/tmp/named", O_RDWR | O_CREAT, 0666), reader = open("/tmp/named", O_RDONLY);
    CHECK(write(file, "abcdef", 6) == 6 && read(reader, bytes, 2) == 2);
    snprintf(name, sizeof name, "/dev/fd/%d", reader);
    const int again = open(name, O_RDONLY);
    CHECK(again >= 0 && read(again, bytes, 2) == 2 && bytes[0] == 'c' && lseek(reader, 0, SEEK_CUR) == 4);
    CHECK(stat(name, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 6);
    FAILS_WITH(open(name, O_WRONLY), EACCES);
    FAILS_WITH(open("/dev/fd/99", O_RDONLY), ENOENT);
    FAILS_WITH(open("/dev/fd/x", O_RDONLY), ENOENT);
    CHECK(pipe(ends) == 0 && dup2(ends[1], 1 + 1) == 2);
    const int errors = open("/dev/stderr", O_WRONLY), terminal = open("/dev/tty", O_RDWR);
    CHECK(errors >= 0 && write(errors, "x", 1) == 1 && read(ends[0], bytes, 1) == 1 && bytes[0] == 'x');
    CHECK(terminal >= 0 && isatty(terminal) && strcmp(ttyname(terminal), "/dev/console") == 0 && tcgetpgrp(terminal) == getpgrp());
    close(file), close(reader), close(again), close(errors), close(terminal), close(ends[0]), close(ends[1]);
}

static void whole_files(void) {
    char one[3] = "", other[3] = "";
    struct iovec pieces[2] = {{one, 2}, {other, 2}};
    struct stat status;
    const int file = open("/tmp/whole", O_RDWR | O_CREAT, 0666), reader = open("/tmp/whole", O_RDONLY);
    CHECK(posix_fallocate(file, 10, 90) == 0 && fstat(file, &status) == 0 && status.st_size == 100);
    CHECK(posix_fallocate(file, 0, 10) == 0 && fstat(file, &status) == 0 && status.st_size == 100);
    CHECK(posix_fallocate(reader, 0, 200) == EBADF && posix_fallocate(file, 0, 1LL << 40) == ENOSPC && posix_fallocate(file, 0, 0) == EINVAL);
    CHECK(pwrite(file, "wxyz", 4, 50) == 4 && preadv(file, pieces, 2, 50) == 4 && strcmp(one, "wx") == 0 && strcmp(other, "yz") == 0);
    CHECK(pwritev(file, pieces, 2, 98) == 4 && fstat(file, &status) == 0 && status.st_size == 102 && lseek(file, 0, SEEK_CUR) == 0);
    CHECK(lockf(file, F_LOCK, 10) == 0 && lockf(file, F_TEST, 0) == 0);
    CHECK(posix_fadvise(file, 0, 0, POSIX_FADV_SEQUENTIAL) == 0 && posix_fadvise(file, 0, 0, 77) == EINVAL);
    const int copy = dup3(file, 500, O_CLOEXEC);
    CHECK(copy == 500 && fcntl(copy, F_GETFD) == FD_CLOEXEC);
    sync();
    close(file), close(reader), close(copy);
}

static void* lock_it(void* file) { return (void*)(intptr_t)flock(*(int*)file, LOCK_EX); }

static void locks_of_open_files(void) {
    int one = open("/tmp/flocked", O_RDWR | O_CREAT, 0666), other = open("/tmp/flocked", O_RDONLY), elsewhere = creat("/tmp/free", 0666);
    const int copy = dup(one);
    CHECK(flock(one, LOCK_SH) == 0 && flock(other, LOCK_SH | LOCK_NB) == 0);
    FAILS_WITH(flock(copy, LOCK_EX | LOCK_NB), EWOULDBLOCK); // which gives up what it had
    CHECK(flock(other, LOCK_EX | LOCK_NB) == 0 && flock(elsewhere, LOCK_EX | LOCK_NB) == 0);
    FAILS_WITH(flock(one, LOCK_SH | LOCK_NB), EWOULDBLOCK);
    pthread_t thread;
    void* result;
    CHECK(pthread_create(&thread, NULL, lock_it, &one) == 0);
    sched_yield();
    CHECK(flock(other, LOCK_UN) == 0 && pthread_join(thread, &result) == 0 && result == NULL); // it waited
    FAILS_WITH(flock(other, LOCK_SH | LOCK_NB), EWOULDBLOCK);
    close(one);
    FAILS_WITH(flock(other, LOCK_SH | LOCK_NB), EWOULDBLOCK); // the copy is the same open file
    close(copy);
    CHECK(flock(other, LOCK_SH | LOCK_NB) == 0);
    close(other), close(elsewhere);
}

static void record_locks(void) {
    const int file = open("/tmp/locked", O_RDWR | O_CREAT, 0666), reader = open("/tmp/locked", O_RDONLY);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5};
    CHECK(fcntl(file, F_SETLK, &lock) == 0 && fcntl(file, F_SETLKW, &lock) == 0);
    FAILS_WITH(fcntl(reader, F_SETLK, &lock), EBADF);
    CHECK(fcntl(reader, F_GETLK, &lock) == 0 && lock.l_type == F_UNLCK && lock.l_start == 10); // one's own locks are in nobody's way
    lock.l_type = F_RDLCK;
    CHECK(fcntl(reader, F_SETLK, &lock) == 0);
    lock.l_type = 99;
    FAILS_WITH(fcntl(file, F_SETLK, &lock), EINVAL);
    lock = (struct flock){.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = -1};
    FAILS_WITH(fcntl(file, F_SETLK, &lock), EINVAL);
    lock = (struct flock){.l_type = F_UNLCK, .l_whence = 7};
    FAILS_WITH(fcntl(file, F_SETLK, &lock), EINVAL);
    FAILS_WITH(fcntl(1000, F_SETLK, &lock), EBADF);
    close(file), close(reader);
}

int main(void) {
    struct utsname names;
    devices();
    names_of_open_files();
    whole_files();
    locks_of_open_files();
    record_locks();
    CHECK(uname(&names) == 0 && strcmp(names.machine, "x86_64") == 0 && strcmp(names.nodename, "skerry") == 0);
    CHECK(setuid(0) == 0 && setgid(0) == 0);
    FAILS_WITH(setuid(5), EINVAL);
    FAILS_WITH(setgid(5), EINVAL);
    flockfile(stdout);
    CHECK(ftrylockfile(stdout) == 0); // its owner may have it twice, and print
    funlockfile(stdout);
    funlockfile(stdout);
    return checks_done();
}
