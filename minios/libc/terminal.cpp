// SPDX-License-Identifier: MIT
// Terminal settings of the console.
#include "console_file.h"
#include "result.h"

#include <minios/console.h>

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

using namespace minios;
using libc::refuse;

namespace {

constexpr char terminal_name[] = "/dev/console"; // devices.cpp
static_assert(sizeof terminal_name <= L_ctermid);

/// 0, EBADF, or ENOTTY: not the console, or the other end of it is no terminal.
int why_no_terminal(int descriptor) {
    const files::OpenFile* file = files::find(descriptor);
    if (file == nullptr) return EBADF;
    return libc::is_console(*file) && !libc::console_discipline().plain() ? 0 : ENOTTY;
}

} // namespace

extern "C" {

int tcgetattr(int descriptor, struct termios* settings) {
    if (const int error = why_no_terminal(descriptor); error != 0) return refuse(error);
    *settings = libc::console_discipline().settings();
    return 0;
}

int tcsetattr(int descriptor, int when, const struct termios* settings) {
    if (const int error = why_no_terminal(descriptor); error != 0) return refuse(error);
    if (when < TCSANOW || when > TCSAFLUSH) return refuse(EINVAL);
    if (when != TCSANOW) console::flush();
    if (when == TCSAFLUSH) libc::discard_console_input();
    libc::console_discipline().change(*settings);
    return 0;
}

int tcflush(int descriptor, int which) {
    if (const int error = why_no_terminal(descriptor); error != 0) return refuse(error);
    if (which < TCIFLUSH || which > TCIOFLUSH) return refuse(EINVAL);
    if (which != TCOFLUSH) libc::discard_console_input(); // output is with the console's domain already
    return 0;
}

int tcdrain(int descriptor) {
    if (const int error = why_no_terminal(descriptor); error != 0) return refuse(error);
    console::flush();
    return 0;
}
/// No line is behind the console that could break; POSIX then has it do nothing.
int tcsendbreak(int descriptor, int) {
    const int error = why_no_terminal(descriptor);
    return error == 0 ? 0 : refuse(error);
}

/// The one process is in the foreground.
pid_t tcgetpgrp(int descriptor) {
    const int error = why_no_terminal(descriptor);
    return error == 0 ? getpgrp() : refuse(error);
}
int tcsetpgrp(int descriptor, pid_t group) {
    if (tcgetpgrp(descriptor) < 0) return -1;
    return group == getpgrp() ? 0 : refuse(EPERM);
}
pid_t tcgetsid(int descriptor) { return tcgetpgrp(descriptor); }

char* ctermid(char* name) {
    static char own[sizeof terminal_name];
    return strcpy(name != nullptr ? name : own, terminal_name);
}
int ttyname_r(int descriptor, char* name, std::size_t size) {
    if (const int error = why_no_terminal(descriptor); error != 0) return error;
    if (size < sizeof terminal_name) return ERANGE;
    strcpy(name, terminal_name);
    return 0;
}
char* ttyname(int descriptor) {
    static char own[sizeof terminal_name];
    const int error = ttyname_r(descriptor, own, sizeof own);
    if (error != 0) errno = error;
    return error == 0 ? own : nullptr;
}

speed_t cfgetispeed(const struct termios* settings) { return settings->c_ispeed; }
speed_t cfgetospeed(const struct termios* settings) { return settings->c_ospeed; }
int cfsetispeed(struct termios* settings, speed_t speed) {
    settings->c_ispeed = speed;
    return 0;
}
int cfsetospeed(struct termios* settings, speed_t speed) {
    settings->c_ospeed = speed;
    return 0;
}

void cfmakeraw(struct termios* settings) {
    settings->c_iflag &= ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    settings->c_oflag &= ~OPOST;
    settings->c_lflag &= ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    settings->c_cflag = (settings->c_cflag & ~(CSIZE | PARENB)) | CS8;
    settings->c_cc[VMIN] = 1;
    settings->c_cc[VTIME] = 0;
}

} // extern "C"
