// SPDX-License-Identifier: MIT
// Output goes through as it is. Input arrives in event handlers, which look for characters that are signals (Ctrl-C works while nobody reads);
// it is edited and echoed when a thread reads or polls. With SKERRY_CONSOLE=pipe in the environment the other end is no terminal but a stream of
// text (make run with a pipe), and standard input is no terminal to isatty() and fstat().
#include "console_file.h"

#include "waiting.h"

#include <minios/clock.h>
#include <minios/console.h>
#include <minios/start.h>

#include <stdlib.h>
#include <string.h>

namespace minios::libc {

namespace {

// open_console() comes before constructors.
constinit LineDiscipline discipline(console::write);
WaitQueue readers;

/// Arrived and not yet typed into the line. What does not fit waits at the console.
struct Arrivals {
    char bytes[256];
    std::size_t first, count;
    bool full() const { return count == sizeof bytes; }
    void put(char c) { bytes[(first + count++) % sizeof bytes] = c; }
    char take() {
        const char c = bytes[first];
        first = (first + 1) % sizeof bytes;
        --count;
        return c;
    }
} arrivals;

void send_signal(int signal) {
    siginfo_t info{};
    info.si_signo = signal;
    info.si_code = SI_USER;
    (void)post_signal(info);
}

/// Fetches what the console has.
void fetch() {
    char c;
    while (!arrivals.full() && console::read(&c, 1) == 1) {
        arrivals.put(c);
        if (const int signal = discipline.signal_of(c); signal != 0) send_signal(signal);
    }
}

/// An event handler: it must not echo, which may wait.
void input_arrived() {
    fetch();
    readers.wake_all();
    files::readiness_changed();
}

/// Moves what has arrived into the line, until that is complete.
void pump() {
    for (fetch(); discipline.wants_more() && arrivals.count != 0; fetch()) discipline.type(arrivals.take());
}

bool readable() {
    pump();
    return discipline.available() != 0 || discipline.at_end();
}

/// Without line editing: as MIN and TIME ask (POSIX, Non-Canonical Mode Input Processing). 0 or as wait_once().
int wait_for_bytes(std::size_t size) {
    const cc_t min = discipline.settings().c_cc[VMIN], time = discipline.settings().c_cc[VTIME];
    const std::size_t wanted = min == 0 ? 1 : min < size ? min : size;
    if (min == 0 && time == 0) return 0;
    for (;;) {
        const std::size_t before = discipline.available();
        if (before >= wanted) return 0;
        const bool limited = time != 0 && (min == 0 || before != 0);
        const std::uint64_t deadline = limited ? clock::now_ns() + time * std::uint64_t{100'000'000} : 0;
        const auto more = [=] {
            pump();
            return discipline.available() > before;
        };
        const int error = libc::wait_until(readers, more, deadline);
        if (error == -ETIMEDOUT || (error != 0 && before != 0)) return 0;
        if (error != 0) return error;
    }
}

ssize_t read(files::OpenFile& file, void* to, std::size_t size) {
    if (!readable() && file.nonblocking()) return -EAGAIN;
    const bool lines = discipline.plain() || (discipline.settings().c_lflag & ICANON) != 0;
    const int error = lines ? libc::wait_until(readers, readable) : wait_for_bytes(size);
    return error != 0 ? error : static_cast<ssize_t>(discipline.take(static_cast<char*>(to), size));
}

ssize_t write(files::OpenFile&, const void* from, std::size_t size) {
    console::write(static_cast<const char*>(from), size);
    return static_cast<ssize_t>(size);
}

short ready(files::OpenFile&) { return static_cast<short>(files::writable | (readable() ? files::readable : 0)); }

constexpr files::Operations operations_of(const char* kind, mode_t type) {
    return {.kind = kind, .type = type, .read = read, .write = write, .ready = ready};
}
constexpr files::Operations terminal = operations_of("console", S_IFCHR);
constexpr files::Operations stream = operations_of("pipe", S_IFIFO); ///< plain input: isatty() says no

files::OpenFile& open_file(const files::Operations& operations, int flags) {
    files::OpenFile* file = files::create(operations, nullptr, flags);
    if (file == nullptr) panic("libc: no memory for the console's file");
    return *file;
}

} // namespace

bool is_console(const files::OpenFile& file) { return &file.operations == &terminal; }
LineDiscipline& console_discipline() { return discipline; }

int open_terminal(int flags, files::OpenFile*& file) {
    if (discipline.plain()) return -ENXIO;
    file = files::create(terminal, nullptr, flags);
    return file != nullptr ? 0 : -ENOMEM;
}

void discard_console_input() {
    fetch();
    arrivals.count = 0;
    discipline.discard();
}

void open_console() {
    const char* other_end = getenv("SKERRY_CONSOLE");
    const bool plain = other_end != nullptr && strcmp(other_end, "pipe") == 0;
    if (plain) discipline.make_plain();
    files::OpenFile& both_ways = open_file(terminal, O_RDWR);
    if (!plain) files::keep(both_ways);
    (void)files::install(plain ? open_file(stream, O_RDONLY) : both_ways);
    files::keep(both_ways);
    (void)files::install(both_ways);
    (void)files::install(both_ways);
    console::on_input(input_arrived);
}

} // namespace minios::libc
