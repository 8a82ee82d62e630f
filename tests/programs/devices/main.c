// SPDX-License-Identifier: MIT
// What programs of others expect to find: /dev, record locks, the lock of a stream, the system's name and its one user.
#include "tests/programs/lib/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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
