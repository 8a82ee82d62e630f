// SPDX-License-Identifier: MIT
// lwIP's sockets as descriptors of the C library. A file's context is lwIP's own socket number. lwIP sets errno itself, to the C
// library's numbers.
#include "network.h"

#include "minios/libc/result.h"

#include <minios/files.h>

#include <sys/socket.h>

using namespace minios;
using files::OpenFile;
using libc::refuse;

namespace {

int number_of(const OpenFile& file) { return static_cast<int>(reinterpret_cast<std::intptr_t>(file.context)); }

/// lwIP's result, as drivers give it.
template <class Number> Number driver_result(Number result) {
    return result < 0 ? static_cast<Number>(-errno) : result;
}

/// The flag of this call, and the file's own.
int flags_for(const OpenFile& file, int flags) { return file.nonblocking() ? flags | MSG_DONTWAIT : flags; }

ssize_t read_socket(OpenFile& file, void* to, std::size_t size) {
    return driver_result(lwip_recv(number_of(file), to, size, flags_for(file, 0)));
}
ssize_t write_socket(OpenFile& file, const void* from, std::size_t size) {
    return driver_result(lwip_send(number_of(file), from, size, flags_for(file, 0)));
}
int control_socket(OpenFile& file, unsigned long request, void* argument) {
    if (request != FIONREAD) return -ENOTTY;
    return driver_result(lwip_ioctl(number_of(file), static_cast<long>(FIONREAD), argument));
}
short socket_ready(OpenFile& file) {
    struct pollfd question = {number_of(file), POLLIN | POLLOUT, 0};
    return lwip_poll(&question, 1, 0) > 0 ? question.revents : 0;
}
void close_socket(OpenFile& file) { (void)lwip_close(number_of(file)); }

constexpr files::Operations socket_operations{.kind = "socket",
                                              .type = S_IFSOCK,
                                              .read = read_socket,
                                              .write = write_socket,
                                              .seek = nullptr,
                                              .status = nullptr,
                                              .control = control_socket,
                                              .truncate = nullptr,
                                              .synchronize = nullptr,
                                              .ready = socket_ready,
                                              .next_entry = nullptr,
                                              .close = close_socket};

/// A descriptor for lwIP's socket, which is closed if there is none.
int install(int number) {
    if (number < 0) return -1;
    OpenFile* file =
        files::create(socket_operations, reinterpret_cast<void*>(static_cast<std::intptr_t>(number)), O_RDWR);
    if (file == nullptr) {
        (void)lwip_close(number);
        return refuse(ENOMEM);
    }
    const int descriptor = files::install(*file);
    if (descriptor < 0) files::release(*file);
    return libc::posix_result(descriptor);
}

/// Calls `act` with lwIP's number and the file of a descriptor that is a socket.
template <class Act> auto with(int descriptor, Act act) -> decltype(act(0, *files::find(0))) {
    OpenFile* file = files::find(descriptor);
    if (file == nullptr) return refuse(EBADF);
    if (&file->operations != &socket_operations) return refuse(ENOTSOCK);
    files::keep(*file);
    const auto result = act(number_of(*file), *file);
    const int error = errno;
    files::release(*file);
    errno = error;
    return result;
}

/// accept and connect have no flag for one call: lwIP's own flag is set as the file has it, and only for the call, since all
/// other calls bring the file's flag along.
class Blocking {
  public:
    Blocking(int number, const OpenFile& file) : number_(number) { set(file.nonblocking()); }
    ~Blocking() { set(false); }
    Blocking(const Blocking&) = delete;
    Blocking& operator=(const Blocking&) = delete;

  private:
    void set(bool nonblocking) const {
        const int error = errno;
        int value = nonblocking ? 1 : 0;
        (void)lwip_ioctl(number_, static_cast<long>(FIONBIO), &value);
        errno = error;
    }
    int number_;
};

} // namespace

extern "C" {

int socket(int domain, int type, int protocol) {
    net::start();
    return install(lwip_socket(domain, type, protocol));
}
int socketpair(int, int, int, int*) { return refuse(EOPNOTSUPP); }

int bind(int descriptor, const struct sockaddr* address, socklen_t size) {
    return with(descriptor, [=](int number, OpenFile&) { return lwip_bind(number, address, size); });
}
int listen(int descriptor, int backlog) {
    return with(descriptor, [=](int number, OpenFile&) { return lwip_listen(number, backlog); });
}
int accept(int descriptor, struct sockaddr* address, socklen_t* size) {
    return with(descriptor, [=](int number, OpenFile& file) {
        const Blocking as_file(number, file);
        return install(lwip_accept(number, address, size));
    });
}
int connect(int descriptor, const struct sockaddr* address, socklen_t size) {
    return with(descriptor, [=](int number, OpenFile& file) {
        const Blocking as_file(number, file);
        const int result = lwip_connect(number, address, size);
        // lwIP has one error for every reset; a reset that answers the first segment is a refusal.
        if (result < 0 && errno == ECONNRESET) return refuse(ECONNREFUSED);
        return result;
    });
}
int shutdown(int descriptor, int how) {
    return with(descriptor, [=](int number, OpenFile&) { return lwip_shutdown(number, how); });
}

ssize_t send(int descriptor, const void* from, std::size_t size, int flags) {
    return with(descriptor,
                [=](int number, OpenFile& file) { return lwip_send(number, from, size, flags_for(file, flags)); });
}
ssize_t sendto(int descriptor, const void* from, std::size_t size, int flags, const struct sockaddr* address,
               socklen_t length) {
    return with(descriptor, [=](int number, OpenFile& file) {
        return lwip_sendto(number, from, size, flags_for(file, flags), address, length);
    });
}
ssize_t sendmsg(int descriptor, const struct msghdr* message, int flags) {
    return with(descriptor,
                [=](int number, OpenFile& file) { return lwip_sendmsg(number, message, flags_for(file, flags)); });
}
ssize_t recv(int descriptor, void* to, std::size_t size, int flags) {
    return with(descriptor,
                [=](int number, OpenFile& file) { return lwip_recv(number, to, size, flags_for(file, flags)); });
}
ssize_t recvfrom(int descriptor, void* to, std::size_t size, int flags, struct sockaddr* address, socklen_t* length) {
    return with(descriptor, [=](int number, OpenFile& file) {
        return lwip_recvfrom(number, to, size, flags_for(file, flags), address, length);
    });
}
ssize_t recvmsg(int descriptor, struct msghdr* message, int flags) {
    return with(descriptor,
                [=](int number, OpenFile& file) { return lwip_recvmsg(number, message, flags_for(file, flags)); });
}

int getsockname(int descriptor, struct sockaddr* address, socklen_t* size) {
    return with(descriptor, [=](int number, OpenFile&) { return lwip_getsockname(number, address, size); });
}
int getpeername(int descriptor, struct sockaddr* address, socklen_t* size) {
    return with(descriptor, [=](int number, OpenFile&) { return lwip_getpeername(number, address, size); });
}
int getsockopt(int descriptor, int level, int name, void* value, socklen_t* size) {
    return with(descriptor, [=](int number, OpenFile&) { return lwip_getsockopt(number, level, name, value, size); });
}
int setsockopt(int descriptor, int level, int name, const void* value, socklen_t size) {
    return with(descriptor, [=](int number, OpenFile&) { return lwip_setsockopt(number, level, name, value, size); });
}

} // extern "C"
