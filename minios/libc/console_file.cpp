// SPDX-License-Identifier: MIT
// Output goes through as it is. Input is edited in lines, as on a terminal: what is typed is echoed, Enter ends the
// line, Backspace takes back, Ctrl-U takes all back, Ctrl-D is the end of the input (at the start of a line) or of the
// piece. With SKERRY_CONSOLE=pipe in the environment the other end is no terminal but a stream of text (make run with a
// pipe): nothing is echoed or edited, the first Ctrl-D at the start of a line ends the input for good, and standard
// input is no terminal to isatty() and fstat().
#include "console_file.h"

#include <minios/console.h>
#include <minios/files.h>
#include <minios/start.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

namespace minios::libc {

namespace {

constexpr char backspace = 8, delete_key = 127, end_of_input = 4, kill_line = 21;

struct LineEditor {
    char text[512] = {};
    std::size_t length = 0; ///< typed so far
    std::size_t taken = 0;  ///< given to readers already
    bool complete = false;  ///< readers may have it
    bool plain = false;     ///< a stream of text: no echo, no editing
    bool ended = false;     ///< a plain stream's end was reached

    void erase_one() {
        if (length == 0) return;
        --length;
        console::write("\b \b", 3);
    }
    void add(char c) {
        complete = c == '\n' || c == end_of_input || length + 1 == sizeof text;
        ended = c == end_of_input && length == 0;
        if (c != end_of_input) text[length++] = c;
    }
    void type(char c) {
        if (c == 0) return; // what comes before a line is set up
        if (plain) return add(c);
        if (c == '\r') c = '\n';
        if (c == backspace || c == delete_key) return erase_one();
        if (c == kill_line) {
            while (length > 0) erase_one();
            return;
        }
        complete = c == '\n' || c == end_of_input;
        if (c == end_of_input || length >= sizeof text - (c == '\n' ? 0 : 1)) return;
        text[length++] = c;
        console::write(&c, 1);
    }
    /// Up to `size` bytes of the complete line.
    std::size_t take(char* to, std::size_t size) {
        const std::size_t count = size < length - taken ? size : length - taken;
        memcpy(to, text + taken, count);
        taken += count;
        if (taken == length) {
            length = taken = 0;
            complete = ended;
        }
        return count;
    }
};

constinit LineEditor editor; // open_console() comes before constructors

/// Moves what has arrived into the line, until it is complete.
void pump() {
    char c;
    while (!editor.complete && console::read(&c, 1) == 1) editor.type(c);
}

ssize_t read(files::OpenFile& file, void* to, std::size_t size) {
    for (pump(); !editor.complete; pump()) {
        if (file.nonblocking()) return -EAGAIN;
        console::wait_input();
    }
    return static_cast<ssize_t>(editor.take(static_cast<char*>(to), size));
}

ssize_t write(files::OpenFile&, const void* from, std::size_t size) {
    console::write(static_cast<const char*>(from), size);
    return static_cast<ssize_t>(size);
}

short ready(files::OpenFile&) {
    pump();
    return static_cast<short>(files::writable | (editor.complete ? files::readable : 0));
}

constexpr files::Operations operations_of(const char* kind, mode_t type) {
    return {.kind = kind,
            .type = type,
            .read = read,
            .write = write,
            .seek = nullptr,
            .status = nullptr,
            .control = nullptr,
            .truncate = nullptr,
            .synchronize = nullptr,
            .ready = ready,
            .next_entry = nullptr,
            .close = nullptr};
}
constexpr files::Operations terminal = operations_of("console", S_IFCHR);
constexpr files::Operations stream = operations_of("pipe", S_IFIFO); ///< plain input: isatty() says no

files::OpenFile& open_file(const files::Operations& operations, int flags) {
    files::OpenFile* file = files::create(operations, nullptr, flags);
    if (file == nullptr) panic("libc: no memory for the console's file");
    return *file;
}

} // namespace

void open_console() {
    const char* other_end = getenv("SKERRY_CONSOLE");
    editor.plain = other_end != nullptr && strcmp(other_end, "pipe") == 0;
    files::OpenFile& both_ways = open_file(terminal, O_RDWR);
    if (!editor.plain) files::keep(both_ways);
    (void)files::install(editor.plain ? open_file(stream, O_RDONLY) : both_ways);
    files::keep(both_ways);
    (void)files::install(both_ways);
    (void)files::install(both_ways);
    console::on_input(files::readiness_changed);
}

} // namespace minios::libc
