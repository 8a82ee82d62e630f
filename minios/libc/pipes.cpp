// SPDX-License-Identifier: MIT
// pipe(): bytes from one open file to another, between threads of the one program.
#include "pipe_buffer.h"
#include "waiting.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

using namespace minios;
using files::OpenFile;
using libc::PipeBuffer;

namespace {

ssize_t read(OpenFile& file, void* to, std::size_t size) {
    return file.as<PipeBuffer>().read(to, size, file.nonblocking());
}

ssize_t write(OpenFile& file, const void* from, std::size_t size) {
    const ssize_t result = file.as<PipeBuffer>().write(from, size, file.nonblocking());
    if (result == -EPIPE) (void)raise(SIGPIPE);
    return result;
}

int control(OpenFile& file, unsigned long request, void* argument) {
    if (request != FIONREAD) return -ENOTTY;
    *static_cast<int*>(argument) = static_cast<int>(file.as<PipeBuffer>().count());
    return 0;
}

short reader_ready(OpenFile& file) { return file.as<PipeBuffer>().reader_ready(); }
short writer_ready(OpenFile& file) { return file.as<PipeBuffer>().writer_ready(); }
void close_reader(OpenFile& file) { file.as<PipeBuffer>().close_reader(); }
void close_writer(OpenFile& file) { file.as<PipeBuffer>().close_writer(); }

constexpr files::Operations reader{
    .kind = "pipe", .type = S_IFIFO, .read = read, .control = control, .ready = reader_ready, .close = close_reader};
constexpr files::Operations writer{
    .kind = "pipe", .type = S_IFIFO, .write = write, .control = control, .ready = writer_ready, .close = close_writer};

/// A descriptor for one end. On failure the end counts as closed.
int install_end(PipeBuffer& pipe, const files::Operations& operations, int flags) {
    OpenFile* file = files::create(operations, &pipe, flags);
    if (file == nullptr) {
        &operations == &reader ? pipe.close_reader() : pipe.close_writer();
        return -ENFILE;
    }
    const int descriptor = files::install(*file, 0, (flags & O_CLOEXEC) != 0);
    if (descriptor < 0) files::release(*file);
    return descriptor;
}

int make_pipe(int ends[2], int flags) {
    if ((flags & ~(O_NONBLOCK | O_CLOEXEC)) != 0) return -EINVAL;
    PipeBuffer* pipe = PipeBuffer::create();
    if (pipe == nullptr) return -ENFILE;
    const int from = install_end(*pipe, reader, flags | O_RDONLY);
    if (from < 0) {
        pipe->close_writer();
        return from;
    }
    const int to = install_end(*pipe, writer, flags | O_WRONLY);
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
