// SPDX-License-Identifier: MIT
// pipe(): bytes from one open file to another, between threads of the one program.
#include "waiting.h"

#include <minios/files.h>
#include <minios/memory.h>
#include <minios/threads.h>

#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

using namespace minios;
using files::OpenFile;

namespace {

struct Pipe {
    static constexpr std::size_t capacity = 16 * 1024;
    static constexpr std::size_t atomic_write = 512; // PIPE_BUF: POSIX's smallest

    std::size_t first = 0, count = 0;
    bool has_reader = true, has_writer = true;
    WaitQueue changed;
    char bytes[capacity];

    void note_change() {
        changed.wake_all();
        files::readiness_changed();
    }
    std::size_t put(const char* from, std::size_t size) {
        const std::size_t room = capacity - count, amount = size < room ? size : room;
        for (std::size_t i = 0; i < amount; ++i) bytes[(first + count + i) % capacity] = from[i];
        count += amount;
        return amount;
    }
    std::size_t take(char* to, std::size_t size) {
        const std::size_t amount = size < count ? size : count;
        for (std::size_t i = 0; i < amount; ++i) to[i] = bytes[(first + i) % capacity];
        first = (first + amount) % capacity;
        count -= amount;
        return amount;
    }
};

ssize_t read(OpenFile& file, void* to, std::size_t size) {
    auto& pipe = file.as<Pipe>();
    if (pipe.count == 0 && pipe.has_writer && file.nonblocking()) return -EAGAIN;
    if (const int error = libc::wait_until(pipe.changed, [&] { return pipe.count != 0 || !pipe.has_writer; });
        error != 0)
        return error;
    if (pipe.count == 0) return 0; // the end
    const std::size_t amount = pipe.take(static_cast<char*>(to), size);
    pipe.note_change();
    return static_cast<ssize_t>(amount);
}

/// All of it, unless non-blocking; a write of at most PIPE_BUF bytes is never split.
ssize_t write(OpenFile& file, const void* from, std::size_t size) {
    auto& pipe = file.as<Pipe>();
    std::size_t done = 0;
    while (done < size) {
        if (!pipe.has_reader) {
            if (done != 0) break;
            (void)raise(SIGPIPE);
            return -EPIPE;
        }
        const std::size_t room = Pipe::capacity - pipe.count, needed = size <= Pipe::atomic_write ? size : 1;
        if (room >= needed) {
            done += pipe.put(static_cast<const char*>(from) + done, size - done);
            pipe.note_change();
            continue;
        }
        const int error = file.nonblocking() ? -EAGAIN : libc::wait_once(pipe.changed);
        if (error != 0) return done != 0 ? static_cast<ssize_t>(done) : error;
    }
    return static_cast<ssize_t>(done);
}

int control(OpenFile& file, unsigned long request, void* argument) {
    if (request != FIONREAD) return -ENOTTY;
    *static_cast<int*>(argument) = static_cast<int>(file.as<Pipe>().count);
    return 0;
}

short reader_ready(OpenFile& file) {
    const auto& pipe = file.as<Pipe>();
    return static_cast<short>((pipe.count > 0 ? files::readable : 0) | (pipe.has_writer ? 0 : files::hung_up));
}
short writer_ready(OpenFile& file) {
    const auto& pipe = file.as<Pipe>();
    if (!pipe.has_reader) return files::failed;
    return static_cast<short>(Pipe::capacity - pipe.count >= Pipe::atomic_write ? files::writable : 0);
}

void close_end(Pipe& pipe, bool& end) {
    end = false;
    if (pipe.has_reader || pipe.has_writer)
        pipe.note_change();
    else
        heap::destroy(&pipe);
}
void close_reader(OpenFile& file) { close_end(file.as<Pipe>(), file.as<Pipe>().has_reader); }
void close_writer(OpenFile& file) { close_end(file.as<Pipe>(), file.as<Pipe>().has_writer); }

constexpr files::Operations reader{.kind = "pipe",
                                   .type = S_IFIFO,
                                   .read = read,
                                   .write = nullptr,
                                   .seek = nullptr,
                                   .status = nullptr,
                                   .control = control,
                                   .truncate = nullptr,
                                   .synchronize = nullptr,
                                   .ready = reader_ready,
                                   .next_entry = nullptr,
                                   .close = close_reader};
constexpr files::Operations writer{.kind = "pipe",
                                   .type = S_IFIFO,
                                   .read = nullptr,
                                   .write = write,
                                   .seek = nullptr,
                                   .status = nullptr,
                                   .control = control,
                                   .truncate = nullptr,
                                   .synchronize = nullptr,
                                   .ready = writer_ready,
                                   .next_entry = nullptr,
                                   .close = close_writer};

/// A descriptor for one end. On failure the end counts as closed.
int install_end(Pipe& pipe, const files::Operations& operations, int flags, bool& end) {
    OpenFile* file = files::create(operations, &pipe, flags);
    if (file == nullptr) {
        close_end(pipe, end);
        return -ENFILE;
    }
    const int descriptor = files::install(*file, 0, (flags & O_CLOEXEC) != 0);
    if (descriptor < 0) files::release(*file);
    return descriptor;
}

int make_pipe(int ends[2], int flags) {
    if ((flags & ~(O_NONBLOCK | O_CLOEXEC)) != 0) return -EINVAL;
    auto* pipe = heap::make<Pipe>();
    if (pipe == nullptr) return -ENFILE;
    const int from = install_end(*pipe, reader, flags | O_RDONLY, pipe->has_reader);
    if (from < 0) {
        close_end(*pipe, pipe->has_writer);
        return from;
    }
    const int to = install_end(*pipe, writer, flags | O_WRONLY, pipe->has_writer);
    if (to < 0) {
        (void)close(from);
        return to;
    }
    ends[0] = from;
    ends[1] = to;
    return 0;
}

} // namespace

extern "C" {

int pipe(int ends[2]) { return libc::posix_result(make_pipe(ends, 0)); }
int pipe2(int ends[2], int flags) { return libc::posix_result(make_pipe(ends, flags)); }

} // extern "C"
