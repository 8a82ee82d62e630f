// SPDX-License-Identifier: MIT
#include "socket_pair.h"

#include "descriptor_flags.h"
#include "minios/libc/pipe_buffer.h"
#include "minios/libc/waiting.h"

#include <minios/memory.h>

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

namespace minios::net {

namespace {

using files::OpenFile;
using libc::PipeBuffer;

struct PairEnd {
    PipeBuffer *in, *out;
    bool in_is_shut, out_is_shut;
};

ssize_t read(OpenFile& file, void* to, std::size_t size) { return receive_from_pair(file, to, size, 0); }
ssize_t write(OpenFile& file, const void* from, std::size_t size) { return send_to_pair(file, from, size, 0); }

int control(OpenFile& file, unsigned long request, void* argument) {
    if (request != FIONREAD) return -ENOTTY;
    const auto& end = file.as<PairEnd>();
    *static_cast<int*>(argument) = end.in_is_shut ? 0 : static_cast<int>(end.in->count());
    return 0;
}

short ready(OpenFile& file) {
    const auto& end = file.as<PairEnd>();
    const int in = end.in->reader_ready(), out = end.out->writer_ready();
    const bool at_end = end.in_is_shut || (in & files::hung_up) != 0; // which can be read
    return static_cast<short>(in | out | (at_end ? files::readable : 0));
}

void close(OpenFile& file) {
    auto& end = file.as<PairEnd>();
    end.in->close_reader();
    end.out->close_writer();
    heap::destroy(&end);
}

constexpr files::Operations operations{.kind = "socket",
                                       .type = S_IFSOCK,
                                       .read = read,
                                       .write = write,
                                       .control = control,
                                       .ready = ready,
                                       .close = close};

/// A descriptor for an end, which takes over its side of the pipes, also on failure: -ENOMEM, -EMFILE.
int install(PipeBuffer& in, PipeBuffer& out) {
    auto* end = heap::make<PairEnd>();
    OpenFile* file = end != nullptr ? files::create(operations, end, O_RDWR) : nullptr;
    if (file == nullptr) {
        in.close_reader();
        out.close_writer();
        if (end != nullptr) heap::destroy(end);
        return -ENOMEM;
    }
    *end = {&in, &out, false, false};
    const int descriptor = files::install(*file);
    if (descriptor < 0) files::release(*file);
    return descriptor;
}

int make_pair(int descriptors[2]) {
    PipeBuffer *there = PipeBuffer::create(), *back = PipeBuffer::create();
    if (there == nullptr || back == nullptr) {
        for (PipeBuffer* pipe : {there, back}) {
            if (pipe == nullptr) continue;
            pipe->close_reader();
            pipe->close_writer();
        }
        return -ENOMEM;
    }
    const int first = install(*back, *there), second = install(*there, *back);
    if (first >= 0 && second >= 0) {
        descriptors[0] = first;
        descriptors[1] = second;
        return 0;
    }
    if (first >= 0) (void)::close(first);
    if (second >= 0) (void)::close(second);
    return first < 0 ? first : second;
}

} // namespace

bool is_pair_end(const OpenFile& file) { return &file.operations == &operations; }

ssize_t send_to_pair(OpenFile& file, const void* from, std::size_t size, int flags) {
    if ((flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL)) != 0) return -EOPNOTSUPP;
    const auto& end = file.as<PairEnd>();
    const bool nonblocking = file.nonblocking() || (flags & MSG_DONTWAIT) != 0;
    const ssize_t result = end.out->write(from, size, nonblocking);
    if (result == -EPIPE && (flags & MSG_NOSIGNAL) == 0) (void)raise(SIGPIPE);
    return result;
}

ssize_t receive_from_pair(OpenFile& file, void* to, std::size_t size, int flags) {
    if ((flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL)) != 0) return -EOPNOTSUPP;
    const auto& end = file.as<PairEnd>();
    if (end.in_is_shut || size == 0) return 0;
    return end.in->read(to, size, file.nonblocking() || (flags & MSG_DONTWAIT) != 0);
}

int shut_down_pair(OpenFile& file, int how) {
    auto& end = file.as<PairEnd>();
    if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) return -EINVAL;
    if (how != SHUT_WR) {
        end.in_is_shut = true;
        end.in->stop_reading();
    }
    if (how != SHUT_RD) {
        end.out_is_shut = true;
        end.out->stop_writing();
    }
    return 0;
}

} // namespace minios::net

extern "C" int socketpair(int domain, int type, int protocol, int descriptors[2]) {
    using minios::libc::refuse;
    namespace net = minios::net;
    const int flags = type & net::descriptor_flags;
    type -= flags;
    if (domain != AF_UNIX) return refuse(EOPNOTSUPP);
    if (type != SOCK_STREAM || protocol != 0) return refuse(EPROTONOSUPPORT);
    const int result = minios::libc::posix_result(net::make_pair(descriptors));
    for (int i = 0; result == 0 && i < 2; ++i) (void)net::with_flags(descriptors[i], flags);
    return result;
}
