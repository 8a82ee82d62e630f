// SPDX-License-Identifier: MIT
// The console as a terminal: its settings; with the argument "typed" also what programs_test types: characters without lines and without echo,
// limits of time, and Ctrl-C as a signal, handled and then not.
#include "tests/programs/lib/check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define FAILS_WITH(call, number) check(#call " fails with " #number, (errno = 0, (call) == -1 && errno == number))

static void settings(void) {
    struct termios first, raw, now;
    int ends[2];
    CHECK(tcgetattr(0, &first) == 0 && (first.c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG) && first.c_cc[VINTR] == 3);
    raw = first;
    cfmakeraw(&raw);
    CHECK(tcsetattr(0, TCSAFLUSH, &raw) == 0 && tcgetattr(1, &now) == 0 && (now.c_lflag & (ICANON | ECHO | ISIG)) == 0);
    CHECK((now.c_oflag & OPOST) != 0 && now.c_cc[VMIN] == 1 && cfgetospeed(&now) == B38400); // output stays as it is
    CHECK(tcsetattr(0, TCSANOW, &first) == 0 && tcgetattr(2, &now) == 0 && memcmp(&now, &first, sizeof now) == 0);
    FAILS_WITH(tcsetattr(0, 7, &first), EINVAL);
    pipe(ends);
    FAILS_WITH(tcgetattr(ends[0], &now), ENOTTY);
    FAILS_WITH(tcsetattr(77, TCSANOW, &now), EBADF);
    CHECK(tcflush(0, TCIFLUSH) == 0);
}

static void set_raw(int min, int time) {
    struct termios raw;
    tcgetattr(0, &raw);
    raw.c_lflag &= ~(ICANON | ECHO);
    raw.c_cc[VMIN] = min;
    raw.c_cc[VTIME] = time;
    tcsetattr(0, TCSANOW, &raw);
}

static void single_characters(void) {
    char bytes[10] = "";
    set_raw(0, 0);
    CHECK(read(0, bytes, 10) == 0);
    set_raw(0, 1);
    CHECK(read(0, bytes, 10) == 0); // after a tenth of a second
    set_raw(3, 0);
    printf("type abc:\n");
    CHECK(read(0, bytes, 10) == 3 && memcmp(bytes, "a\177c", 3) == 0); // nothing is edited
    set_raw(1, 0);
    struct pollfd console = {0, POLLIN, 0};
    CHECK(poll(&console, 1, 0) == 0);
    fcntl(0, F_SETFL, O_NONBLOCK);
    FAILS_WITH(read(0, bytes, 1), EAGAIN);
    fcntl(0, F_SETFL, 0);
}

static int interrupts;
static void note(int signal) { interrupts += signal == SIGINT; }

static void signals(void) {
    struct termios lines;
    char line[20] = "";
    tcgetattr(0, &lines);
    lines.c_lflag |= ICANON | ECHO;
    tcsetattr(0, TCSANOW, &lines);
    struct sigaction action = {0};
    action.sa_handler = note;
    sigaction(SIGINT, &action, NULL);
    printf("type half a line and Ctrl-C:\n");
    FAILS_WITH(read(0, line, sizeof line), EINTR);
    CHECK(interrupts == 1);
    printf("type a line:\n");
    CHECK(read(0, line, sizeof line) == 6 && memcmp(line, "whole\n", 6) == 0); // the half line went with the signal
    signal(SIGINT, SIG_DFL);
}

int main(int argc, char** argv) {
    settings();
    if (argc > 1 && strcmp(argv[1], "typed") == 0) {
        single_characters();
        signals();
        printf("type Ctrl-C:\n");
        pause();
    }
    return checks_done();
}
