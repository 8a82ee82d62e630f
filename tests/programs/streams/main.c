// SPDX-License-Identifier: MIT
// POSIX's additions to stdio, who and what the system says it is, and the log.
#include "tests/programs/lib/check.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <syslog.h>
#include <unistd.h>

#define FAILS_WITH(call, number) check(#call " fails with " #number, (errno = 0, (call) == -1 && errno == number))

static void streams(void) {
    char text[] = "one\ntwo;three", *line = NULL, *memory = NULL;
    size_t size = 0;
    FILE* stream = fmemopen(text, strlen(text), "r");
    CHECK(getline(&line, &size, stream) == 4 && strcmp(line, "one\n") == 0 && getdelim(&line, &size, ';', stream) == 4 && strcmp(line, "two;") == 0);
    CHECK(getline(&line, &size, stream) == 5 && strcmp(line, "three") == 0 && getline(&line, &size, stream) == -1 && feof(stream));
    fclose(stream);
    free(line);
    stream = open_memstream(&memory, &size);
    for (int i = 0; i < 1000; i++) fprintf(stream, "%d,", i);
    CHECK(fclose(stream) == 0 && size == 3890 && strncmp(memory, "0,1,2,", 6) == 0);
    free(memory);
    const int file = open("/tmp/printed", O_RDWR | O_CREAT, 0600);
    char buffer[20] = "";
    CHECK(dprintf(file, "%s-%d", "a", 5) == 3 && pread(file, buffer, 20, 0) == 3 && strcmp(buffer, "a-5") == 0);
    stream = fdopen(file, "r+");
    CHECK(fileno(stream) == file && fclose(stream) == 0);
    FAILS_WITH(close(file), EBADF);
}

static void identity(void) {
    struct utsname name;
    CHECK(uname(&name) == 0 && strcmp(name.sysname, "minios") == 0 && strcmp(name.machine, "x86_64") == 0 && strcmp(name.nodename, "skerry") == 0);
    struct passwd user, *found = NULL;
    char buffer[100];
    CHECK(getpwuid(getuid()) != NULL && strcmp(getpwuid(0)->pw_name, "root") == 0 && getpwuid(5) == NULL && getpwnam("nobody") == NULL);
    CHECK(getpwnam_r("root", &user, buffer, sizeof buffer, &found) == 0 && found == &user && user.pw_uid == 0);
    CHECK(getgrgid(getgid()) != NULL && strcmp(getgrnam("root")->gr_name, "root") == 0 && strcmp(getlogin(), "root") == 0 && getgroups(0, NULL) == 0);
    CHECK(setuid(0) == 0 && setregid((gid_t)-1, 0) == 0);
    FAILS_WITH(setuid(5), EINVAL);
    FAILS_WITH(setregid(0, 7), EINVAL);
    CHECK(getpgrp() == getpid() && getsid(0) == getpid());
    FAILS_WITH(getpgid(77), ESRCH);
}

static void usage(void) {
    struct rusage usage;
    struct rlimit limit;
    usleep(1000);
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0 && usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec > 0 && usage.ru_maxrss > 0);
    FAILS_WITH(getrusage(7, &usage), EINVAL);
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == (rlim_t)sysconf(_SC_OPEN_MAX) && setrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur++;
    FAILS_WITH(setrlimit(RLIMIT_NOFILE, &limit), EPERM);
    FAILS_WITH(getrlimit(99, &limit), EINVAL);
    CHECK(sysconf(_SC_SEMAPHORES) == 200809 && sysconf(_SC_RTSIG_MAX) == 32);
    FAILS_WITH(sysconf(9999), EINVAL);
}

/// programs_test cannot see what is not said; here only that it is harmless.
static void logging(void) {
    openlog("logger", LOG_PID, LOG_USER);
    CHECK(setlogmask(LOG_UPTO(LOG_WARNING)) == LOG_UPTO(LOG_DEBUG));
    syslog(LOG_INFO, "check: FAILED (this is masked)");
    errno = ENOENT;
    syslog(LOG_ERR, "100%% of %s: %m", "it");
    CHECK(errno == ENOENT);
    closelog();
}

int main(void) {
    streams();
    identity();
    usage();
    logging();
    return checks_done();
}
