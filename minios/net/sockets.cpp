// SPDX-License-Identifier: MIT
// lwIP's sockets as descriptors of the C library. lwIP sets errno itself, to the C library's numbers.
#include "descriptor_flags.h"
#include "network.h"
#include "socket_pair.h"

#include "minios/libc/waiting.h"

#include <minios/files.h>
#include <minios/memory.h>

#include <signal.h>
#include <sys/socket.h>
#include <utility>

using namespace minios;
using files::OpenFile;
using libc::refuse;

namespace {

/// A file's context.
struct Socket {
    int number; ///< lwIP's
    bool connecting = false, refused = false;
    bool stream = false, was_connected = false; ///< a stream; and one that has been connected
    bool ended = false;                         ///< a stream from which nothing more comes: lwIP says it once
    u16_t local_port = 0, remote_port = 0;      ///< of the last attempt to connect; in host byte order
    Socket* next = nullptr;                     ///< of those that are connecting
};
Socket* connecting_sockets;

void stop_watching(Socket& socket) {
    if (!socket.connecting) return;
    Socket** at = &connecting_sockets;
    while (*at != &socket) at = &(*at)->next;
    *at = socket.next;
    socket.connecting = false;
}

/// Two connections may not have the same ports to different addresses at once here: a local port is one socket's.
void note_refusal(u16_t local_port, const ip_addr_t&, u16_t remote_port) {
    for (Socket* at = connecting_sockets; at != nullptr; at = at->next)
        if (at->local_port == local_port && at->remote_port == remote_port) at->refused = true;
}

int number_of(const OpenFile& file) { return file.as<Socket>().number; }

/// From lwIP's errno to the right one: a handler that ran during its wait, or a cancellation; and a reset that was a refusal.
int error_for(Socket& socket, int error) {
    const int broken = std::exchange(libc::this_thread().broken_wait, 0);
    if (broken != 0 && (error == EWOULDBLOCK || error == EAGAIN)) return -broken;
    if (error == ECONNRESET && socket.refused) {
        socket.refused = false;
        return ECONNREFUSED;
    }
    return error;
}

/// lwIP's result, as drivers give it.
template <class Number> Number driver_result(const OpenFile& file, Number result) {
    if (result >= 0) return result;
    return static_cast<Number>(-error_for(file.as<Socket>(), errno));
}

/// The flags of this call that lwIP has, and the file's own.
int flags_for(const OpenFile& file, int flags) {
    return (file.nonblocking() ? flags | MSG_DONTWAIT : flags) & (MSG_PEEK | MSG_DONTWAIT | MSG_MORE);
}

/// lwIP passes over flags that it does not know, or has a number for and nothing else.
constexpr int flags_of_send = MSG_DONTWAIT | MSG_MORE | MSG_NOSIGNAL;
constexpr int flags_of_recv = MSG_PEEK | MSG_WAITALL | MSG_DONTWAIT | MSG_NOSIGNAL;

/// What a call that sends returns, or -1 with errno. A stream that is no longer connected is a broken pipe, as POSIX has it.
ssize_t sent(OpenFile& file, ssize_t result, int flags) {
    auto& socket = file.as<Socket>();
    if (result >= 0) {
        socket.was_connected = socket.stream; // also one that was connecting without waiting
        return result;
    }
    if (!socket.was_connected || errno != ENOTCONN) return result;
    if ((flags & MSG_NOSIGNAL) == 0) (void)raise(SIGPIPE);
    return refuse(EPIPE);
}

/// recv(), and with an address recvfrom().
ssize_t receive(OpenFile& file, void* to, std::size_t size, int flags, struct sockaddr* address, socklen_t* length) {
    auto& socket = file.as<Socket>();
    auto* at = static_cast<char*>(to);
    const bool all = (flags & (MSG_WAITALL | MSG_PEEK)) == MSG_WAITALL && socket.stream;
    std::size_t total = 0;
    if (socket.ended) return 0;
    for (;;) {
        const ssize_t got =
            lwip_recvfrom(socket.number, at + total, size - total, flags_for(file, flags), address, length);
        if (got > 0) socket.was_connected = socket.stream;
        socket.ended = got == 0 && socket.stream && size != 0;
        if (got <= 0) return total != 0 ? static_cast<ssize_t>(total) : got;
        total += static_cast<std::size_t>(got);
        if (!all || total >= size) return static_cast<ssize_t>(total);
    }
}

ssize_t read_socket(OpenFile& file, void* to, std::size_t size) {
    libc::this_thread().broken_wait = 0;
    return driver_result(file, receive(file, to, size, 0, nullptr, nullptr));
}
ssize_t write_socket(OpenFile& file, const void* from, std::size_t size) {
    return driver_result(file, sent(file, lwip_send(number_of(file), from, size, flags_for(file, 0)), 0));
}
int control_socket(OpenFile& file, unsigned long request, void* argument) {
    if (request != FIONREAD) return -ENOTTY;
    return driver_result(file, lwip_ioctl(number_of(file), static_cast<long>(FIONREAD), argument));
}
short socket_ready(OpenFile& file) {
    struct pollfd question = {number_of(file), POLLIN | POLLOUT, 0};
    return lwip_poll(&question, 1, 0) > 0 ? question.revents : 0;
}
void close_socket(OpenFile& file) {
    auto& socket = file.as<Socket>();
    stop_watching(socket);
    (void)lwip_close(socket.number);
    heap::destroy(&socket);
}

constexpr files::Operations socket_operations{.kind = "socket",
                                              .type = S_IFSOCK,
                                              .read = read_socket,
                                              .write = write_socket,
                                              .control = control_socket,
                                              .ready = socket_ready,
                                              .close = close_socket};

/// A descriptor for lwIP's socket, which is closed if there is none.
int install(int number, bool stream, bool connected) {
    if (number < 0) return -1;
    auto* socket = heap::make<Socket>();
    OpenFile* file = socket != nullptr ? files::create(socket_operations, socket, O_RDWR) : nullptr;
    if (file == nullptr) {
        if (socket != nullptr) heap::destroy(socket);
        (void)lwip_close(number);
        return refuse(ENOMEM);
    }
    socket->number = number;
    socket->stream = stream;
    socket->was_connected = connected;
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
    libc::this_thread().broken_wait = 0;
    const auto result = act(number_of(*file), *file);
    const int error = result < 0 ? error_for(file->as<Socket>(), errno) : errno;
    files::release(*file);
    if (result < 0 && error == libc::cancelled) libc::end_cancelled_thread();
    errno = error;
    return result;
}

/// As with(), for calls that a socketpair() has too: then `pair` gives a result or -errno.
template <class Act, class Pair>
auto with_either(int descriptor, Act act, Pair pair) -> decltype(act(0, *files::find(0))) {
    pthread_testcancel();
    OpenFile* file = files::find(descriptor);
    if (file == nullptr || !net::is_pair_end(*file)) return with(descriptor, act);
    files::keep(*file);
    const auto result = pair(*file);
    files::release(*file);
    return libc::finish(result);
}

/// accept and connect have no flag for one call: lwIP's own flag is set only for the call, since all other calls bring the file's flag along.
class Nonblocking {
  public:
    explicit Nonblocking(int number, bool wanted = true) : number_(number) { set(wanted); }
    ~Nonblocking() { set(false); }
    Nonblocking(const Nonblocking&) = delete;
    Nonblocking& operator=(const Nonblocking&) = delete;

  private:
    void set(bool nonblocking) const {
        const int error = errno;
        int value = nonblocking ? 1 : 0;
        (void)lwip_ioctl(number_, static_cast<long>(FIONBIO), &value);
        errno = error;
    }
    int number_;
};

u16_t port_of(const sockaddr* address) { // at the same place in both families
    return ntohs(reinterpret_cast<const sockaddr_in*>(address)->sin_port);
}

/// Remembers which attempt a refusal would be of. Nothing has answered yet: lwIP's thread has not run since.
void watch(OpenFile& file, const sockaddr* remote) {
    auto& socket = file.as<Socket>();
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    if (lwip_getsockname(socket.number, reinterpret_cast<sockaddr*>(&own), &size) != 0) return;
    net::refusal_handler = note_refusal;
    stop_watching(socket);
    socket.refused = false;
    socket.local_port = port_of(reinterpret_cast<const sockaddr*>(&own));
    socket.remote_port = port_of(remote);
    socket.connecting = true;
    socket.next = connecting_sockets;
    connecting_sockets = &socket;
}

/// Connects without waiting in lwIP, which a signal could not end, and waits here. A handler that ran ends the wait, and the connection goes on.
int connect_and_wait(int number, OpenFile& file, const sockaddr* address, socklen_t size) {
    int result;
    {
        const Nonblocking meanwhile(number);
        result = lwip_connect(number, address, size);
    }
    if (result == 0) file.as<Socket>().was_connected = file.as<Socket>().stream;
    if (result == 0 || errno != EINPROGRESS) return result;
    watch(file, address);
    if (file.nonblocking()) return refuse(EINPROGRESS);
    const auto decided = [&] { return (socket_ready(file) & (POLLOUT | POLLERR | POLLHUP)) != 0; };
    if (const int error = libc::wait_until(files::readiness(), decided); error != 0) return refuse(-error);
    int error = 0;
    socklen_t length = sizeof error;
    if (lwip_getsockopt(number, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return -1;
    if (error != 0) return refuse(error);
    file.as<Socket>().was_connected = file.as<Socket>().stream;
    return 0;
}

bool is_protocol_of(int type, int protocol) {
    if (type == SOCK_STREAM) return protocol == 0 || protocol == IPPROTO_TCP;
    if (type == SOCK_DGRAM) return protocol == 0 || protocol == IPPROTO_UDP;
    return true;
}

} // namespace

extern "C" {

int socket(int domain, int type, int protocol) {
    const int flags = type & net::descriptor_flags;
    type -= flags;
    if (domain != AF_INET && domain != AF_INET6) return refuse(EAFNOSUPPORT); // lwIP does not look
    if (!is_protocol_of(type, protocol)) return refuse(EPROTONOSUPPORT);      // nor here
    if (!net::start()) return refuse(ENOMEM);
    return net::with_flags(install(lwip_socket(domain, type, protocol), type == SOCK_STREAM, false), flags);
}

int bind(int descriptor, const struct sockaddr* address, socklen_t size) {
    return with(descriptor, [=](int number, OpenFile&) {
        // lwIP calls all of this an error of input and output.
        if (address == nullptr) return refuse(EFAULT);
        if (size < sizeof(sockaddr_in) || (address->sa_family == AF_INET6 && size < sizeof(sockaddr_in6)))
            return refuse(EINVAL);
        if (address->sa_family != AF_INET && address->sa_family != AF_INET6) return refuse(EAFNOSUPPORT);
        return lwip_bind(number, address, size);
    });
}
int listen(int descriptor, int backlog) {
    return with(descriptor, [=](int number, OpenFile&) { return lwip_listen(number, backlog); });
}
int accept(int descriptor, struct sockaddr* address, socklen_t* size) {
    pthread_testcancel();
    return with(descriptor, [=](int number, OpenFile& file) {
        const Nonblocking as_the_file(number, file.nonblocking());
        return install(lwip_accept(number, address, size), true, true);
    });
}
int accept4(int descriptor, struct sockaddr* address, socklen_t* size, int flags) {
    if ((flags & ~net::descriptor_flags) != 0) return refuse(EINVAL);
    return net::with_flags(accept(descriptor, address, size), flags);
}
int connect(int descriptor, const struct sockaddr* address, socklen_t size) {
    pthread_testcancel();
    return with(descriptor, [=](int number, OpenFile& file) { return connect_and_wait(number, file, address, size); });
}
int shutdown(int descriptor, int how) {
    return with_either(
        descriptor,
        [=](int number, OpenFile& file) {
            const int result = lwip_shutdown(number, how);
            if (result == 0 && how != SHUT_WR) file.as<Socket>().ended = file.as<Socket>().stream;
            return result;
        },
        [=](OpenFile& end) { return net::shut_down_pair(end, how); });
}

ssize_t send(int descriptor, const void* from, std::size_t size, int flags) {
    return with_either(
        descriptor,
        [=](int number, OpenFile& file) -> ssize_t {
            if ((flags & ~flags_of_send) != 0) return refuse(EOPNOTSUPP);
            return sent(file, lwip_send(number, from, size, flags_for(file, flags)), flags);
        },
        [=](OpenFile& end) { return net::send_to_pair(end, from, size, flags); });
}
ssize_t sendto(int descriptor, const void* from, std::size_t size, int flags, const struct sockaddr* address,
               socklen_t length) {
    pthread_testcancel();
    return with(descriptor, [=](int number, OpenFile& file) -> ssize_t {
        if ((flags & ~flags_of_send) != 0) return refuse(EOPNOTSUPP);
        return sent(file, lwip_sendto(number, from, size, flags_for(file, flags), address, length), flags);
    });
}
ssize_t sendmsg(int descriptor, const struct msghdr* message, int flags) {
    pthread_testcancel();
    return with(descriptor, [=](int number, OpenFile& file) -> ssize_t {
        if ((flags & ~flags_of_send) != 0) return refuse(EOPNOTSUPP);
        return sent(file, lwip_sendmsg(number, message, flags_for(file, flags)), flags);
    });
}
ssize_t recv(int descriptor, void* to, std::size_t size, int flags) {
    return with_either(
        descriptor,
        [=](int, OpenFile& file) -> ssize_t {
            if ((flags & ~flags_of_recv) != 0) return refuse(EOPNOTSUPP);
            return receive(file, to, size, flags, nullptr, nullptr);
        },
        [=](OpenFile& end) { return net::receive_from_pair(end, to, size, flags); });
}
ssize_t recvfrom(int descriptor, void* to, std::size_t size, int flags, struct sockaddr* address, socklen_t* length) {
    pthread_testcancel();
    return with(descriptor, [=](int, OpenFile& file) -> ssize_t {
        if ((flags & ~flags_of_recv) != 0) return refuse(EOPNOTSUPP);
        return receive(file, to, size, flags, address, length);
    });
}
ssize_t recvmsg(int descriptor, struct msghdr* message, int flags) {
    pthread_testcancel();
    return with(descriptor, [=](int number, OpenFile& file) -> ssize_t {
        if ((flags & ~(flags_of_recv & ~MSG_WAITALL)) != 0) return refuse(EOPNOTSUPP);
        auto& socket = file.as<Socket>();
        if (socket.ended) return 0;
        const ssize_t got = lwip_recvmsg(number, message, flags_for(file, flags));
        socket.ended = got == 0 && socket.stream;
        return got;
    });
}

int getsockname(int descriptor, struct sockaddr* address, socklen_t* size) {
    return with(descriptor, [=](int number, OpenFile&) { return lwip_getsockname(number, address, size); });
}
int getpeername(int descriptor, struct sockaddr* address, socklen_t* size) {
    return with(descriptor, [=](int number, OpenFile&) { return lwip_getpeername(number, address, size); });
}
int getsockopt(int descriptor, int level, int name, void* value, socklen_t* size) {
    return with(descriptor, [=](int number, OpenFile& file) {
        const int result = lwip_getsockopt(number, level, name, value, size);
        if (result == 0 && level == SOL_SOCKET && name == SO_ERROR && *size >= sizeof(int)) {
            int& error = *static_cast<int*>(value);
            if (error != 0) error = error_for(file.as<Socket>(), error);
        }
        return result;
    });
}
int setsockopt(int descriptor, int level, int name, const void* value, socklen_t size) {
    return with(descriptor, [=](int number, OpenFile&) { return lwip_setsockopt(number, level, name, value, size); });
}

} // extern "C"
