// SPDX-License-Identifier: MIT
// POSIX's additions to stdio, who and what the system says it is, and the log.
#include "tests/programs/lib/check.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
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

static char text[400];
static int says(const char* expected, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return length == (int)strlen(expected) && strcmp(text, expected) == 0;
}

/// Arguments by position: of every kind, more than there are registers, twice, as width and precision; and formats that only look like it.
static void by_position(void) {
    CHECK(says("b a", "%2$s %1$s", "a", "b") && says("7 and 7", "%1$d and %1$d", 7) && says("    +7|7    |", "%2$*1$s|%3$-5d|", 6, "+7", 7));
    CHECK(says("3.14 x 2.718282 -1", "%4$.*3$f %1$c %2$Lf %5$d", 'x', 2.718281828L, 2, 3.14159, -1));
    CHECK(says("10 9 8 7 6 5 4 3 2 1", "%10$ld %9$d %8$d %7$d %6$d %5$d %4$d %3$d %2$d %1$d", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10L));
    CHECK(says("9.5 8.5 7.5 6.5 5.5 4.5 3.5 2.5 1.5 0.5", "%10$g %9$g %8$g %7$g %6$g %5$g %4$g %3$g %2$g %1$g", 0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5));
    CHECK(says("18446744073709551615 ff 1%$", "%2$llu %1$hhx 1%%$", 0xfff, ~0ULL));
    CHECK(says("a costs $5", "%s costs $%d", "a", 5) && says("$", "$") && says("100% of $2", "100%% of $%d", 2));
    CHECK(says("third", "%3$s", 1, 2, "third")); // those before it count as words
    FILE* file = tmpfile();
    char line[20] = "";
    int count = 0;
    CHECK(fprintf(file, "%2$d %1$s%3$n\n", "words", 12, &count) == 9 && count == 8 && fseek(file, 0, SEEK_SET) == 0);
    CHECK(fgets(line, sizeof line, file) != NULL && strcmp(line, "12 words\n") == 0);
    fclose(file);
    const char* wrong[] = {"%1$d %d", "%33$d", "%0$d", "%1$*d", "%1$"};
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        errno = 0;
        check(wrong[i], snprintf(text, sizeof text, wrong[i], 1, 2) == -1 && errno == EINVAL);
    }
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
    by_position();
    logging();
    return checks_done();
}
