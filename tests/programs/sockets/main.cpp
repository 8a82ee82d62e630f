// SPDX-License-Identifier: MIT
// Sockets over the loopback interface: TCP and UDP, IPv4 and IPv6, poll and select, names, errors.
#include "tests/programs/lib/check.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

sockaddr_in loopback4(unsigned short port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

sockaddr_in6 loopback6(unsigned short port) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    inet_pton(AF_INET6, "::1", &address.sin6_addr);
    return address;
}

template <class Address> const sockaddr* generic(const Address& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

/// Answers everything on one connection with itself.
void serve(int listener) {
    const int connection = accept(listener, nullptr, nullptr);
    char buffer[4096];
    ssize_t size;
    while ((size = read(connection, buffer, sizeof buffer)) > 0)
        for (ssize_t sent = 0; sent < size;) sent += write(connection, buffer + sent, static_cast<size_t>(size - sent));
    close(connection);
}

template <class Address> void echo(const char* what, const Address& address, size_t size) {
    const int listener = socket(generic(address)->sa_family, SOCK_STREAM, 0);
    int yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    bool good = bind(listener, generic(address), sizeof address) == 0 && listen(listener, 5) == 0;
    std::thread server(serve, listener);
    const int client = socket(generic(address)->sa_family, SOCK_STREAM, 0);
    good = good && connect(client, generic(address), sizeof address) == 0;
    std::vector<char> sent(size), received;
    for (size_t i = 0; i < size; ++i) sent[i] = static_cast<char>(i * 7 + i / 251);
    std::thread writer([&] {
        for (size_t done = 0; done < size;) {
            const ssize_t part = write(client, sent.data() + done, size - done);
            if (part <= 0) break;
            done += static_cast<size_t>(part);
        }
        shutdown(client, SHUT_WR);
    });
    char buffer[3000];
    ssize_t part;
    while ((part = read(client, buffer, sizeof buffer)) > 0) received.insert(received.end(), buffer, buffer + part);
    writer.join();
    server.join();
    check(what, good && received == sent);
    close(client);
    close(listener);
}

void datagrams() {
    const int server = socket(AF_INET, SOCK_DGRAM, 0), client = socket(AF_INET, SOCK_DGRAM, 0);
    const sockaddr_in address = loopback4(5000);
    CHECK(bind(server, generic(address), sizeof address) == 0);
    pollfd question = {server, POLLIN, 0};
    CHECK(poll(&question, 1, 5) == 0);
    CHECK(sendto(client, "datagram", 8, 0, generic(address), sizeof address) == 8);
    CHECK(poll(&question, 1, 1000) == 1 && question.revents == POLLIN);
    char buffer[100];
    sockaddr_in from{};
    socklen_t length = sizeof from;
    CHECK(recvfrom(server, buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &length) == 8 &&
          memcmp(buffer, "datagram", 8) == 0);
    CHECK(from.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    CHECK(fcntl(server, F_SETFL, O_NONBLOCK) == 0 && recv(server, buffer, sizeof buffer, 0) == -1 && errno == EAGAIN);
    close(server);
    close(client);
}

void selecting() {
    const int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = loopback4(5001);
    bind(listener, generic(address), sizeof address);
    listen(listener, 5);
    std::thread later([&] {
        usleep(3000);
        connect(client, generic(address), sizeof address);
        usleep(3000);
        (void)!write(client, "x", 1);
    });
    fd_set set;
    FD_ZERO(&set);
    FD_SET(listener, &set);
    timeval limit = {5, 0};
    CHECK(select(listener + 1, &set, nullptr, nullptr, &limit) == 1 && FD_ISSET(listener, &set));
    const int connection = accept(listener, nullptr, nullptr);
    FD_ZERO(&set);
    FD_SET(connection, &set);
    CHECK(select(connection + 1, &set, nullptr, nullptr, &limit) == 1 && FD_ISSET(connection, &set));
    later.join();
    close(connection);
    close(client);
    close(listener);
}

/// Begins to connect without waiting, then goes on blocking: both the connection and the reads after it must work.
void connecting_without_waiting() {
    const int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = loopback4(5002);
    CHECK(bind(listener, generic(address), sizeof address) == 0 && listen(listener, 5) == 0);
    CHECK(fcntl(client, F_SETFL, O_NONBLOCK) == 0 && connect(client, generic(address), sizeof address) == -1 &&
          errno == EINPROGRESS);
    pollfd question = {client, POLLOUT, 0};
    CHECK(poll(&question, 1, 1000) == 1 && question.revents == POLLOUT);
    int error = -1;
    socklen_t length = sizeof error;
    CHECK(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0);
    CHECK(fcntl(client, F_SETFL, 0) == 0);
    std::thread later([&] {
        const int connection = accept(listener, nullptr, nullptr);
        usleep(3000);
        (void)!write(connection, "late", 4);
        close(connection);
    });
    char buffer[10];
    CHECK(recv(client, buffer, sizeof buffer, 0) == 4);
    later.join();
    close(client);
    close(listener);
}

/// A refusal that comes while nobody waits in connect().
void refused_without_waiting() {
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in nobody = loopback4(9);
    fcntl(client, F_SETFL, O_NONBLOCK);
    CHECK(connect(client, generic(nobody), sizeof nobody) == -1 && errno == EINPROGRESS);
    pollfd question = {client, POLLOUT, 0};
    int error = 0;
    socklen_t length = sizeof error;
    CHECK(poll(&question, 1, 1000) == 1 && (question.revents & (POLLERR | POLLHUP | POLLOUT)) != 0);
    CHECK(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == ECONNREFUSED);
    CHECK(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0);
    close(client);
}

/// A connection that is there and then reset is no refusal.
void reset() {
    const int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = loopback4(5003);
    bind(listener, generic(address), sizeof address);
    listen(listener, 5);
    CHECK(connect(client, generic(address), sizeof address) == 0);
    const int connection = accept(listener, nullptr, nullptr);
    char byte = 0;
    pollfd question = {connection, POLLIN, 0};
    CHECK(write(client, "unread", 6) == 6 && poll(&question, 1, 1000) == 1);
    close(connection); // with data that nobody read: a reset
    CHECK(recv(client, &byte, 1, 0) == -1 && errno == ECONNRESET);
    close(client);
    close(listener);
}

struct Connection {
    int near, far;
};
Connection connected(unsigned short port) {
    const int listener = socket(AF_INET, SOCK_STREAM, 0), near = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = loopback4(port);
    bind(listener, generic(address), sizeof address);
    listen(listener, 1);
    connect(near, generic(address), sizeof address);
    const int far = accept(listener, nullptr, nullptr);
    close(listener);
    return {near, far};
}

/// A flag is done, or refused with nothing sent or taken.
void flags_of_calls() {
    const auto [near, far] = connected(5005);
    char buffer[20] = "", address[128];
    std::thread pieces([&] {
        for (int i = 0; i < 4; ++i) {
            send(near, "abcd", 4, 0);
            usleep(1000);
        }
    });
    CHECK(recv(far, buffer, 16, MSG_WAITALL) == 16 && memcmp(buffer, "abcdabcdabcdabcd", 16) == 0);
    pieces.join();
    for (const int flag : {MSG_OOB, 0x4000}) {
        iovec piece = {buffer, 1};
        msghdr message{};
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        socklen_t length = sizeof address;
        CHECK(send(near, "x", 1, flag) == -1 && errno == EOPNOTSUPP);
        CHECK(sendto(near, "x", 1, flag, nullptr, 0) == -1 && errno == EOPNOTSUPP);
        CHECK(sendmsg(near, &message, flag) == -1 && errno == EOPNOTSUPP);
        CHECK(recv(far, buffer, 1, flag) == -1 && errno == EOPNOTSUPP);
        CHECK(recvfrom(far, buffer, 1, flag, reinterpret_cast<sockaddr*>(address), &length) == -1 &&
              errno == EOPNOTSUPP);
        CHECK(recvmsg(far, &message, flag | MSG_WAITALL) == -1 && errno == EOPNOTSUPP);
    }
    CHECK(recv(far, buffer, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN); // nothing of that was sent
    char word[] = "last";
    iovec piece = {word, 4};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    CHECK(sendmsg(near, &message, MSG_NOSIGNAL) == 4 && recv(far, buffer, 20, MSG_PEEK) == 4);
    shutdown(near, SHUT_WR);
    CHECK(recv(far, buffer, 20, MSG_WAITALL) == 4); // the end comes first
    piece = {buffer, 4};
    CHECK(recv(far, buffer, 20, 0) == 0 && read(far, buffer, 20) == 0 &&
          recvmsg(far, &message, 0) == 0); // and it stays
    CHECK(send(far, "back", 4, 0) == 4 && recv(near, buffer, 20, 0) == 4 && shutdown(near, SHUT_RD) == 0);
    CHECK(recv(near, buffer, 20, 0) == 0);
    close(near);
    close(far);
    CHECK(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP) == -1 && errno == EPROTONOSUPPORT);
    CHECK(socket(AF_INET6, SOCK_DGRAM, IPPROTO_TCP) == -1 && errno == EPROTONOSUPPORT);
}

int pipes_broken;

/// Who writes to a stream that is no longer connected is told by SIGPIPE and EPIPE; but not about one that never was.
void broken_streams() {
    struct sigaction action {};
    action.sa_handler = [](int) { ++pipes_broken; };
    sigaction(SIGPIPE, &action, nullptr);
    const auto [near, far] = connected(5006);
    shutdown(near, SHUT_WR);
    CHECK(send(near, "x", 1, 0) == -1 && errno == EPIPE && pipes_broken == 1);
    CHECK(write(near, "x", 1) == -1 && errno == EPIPE && pipes_broken == 2);
    CHECK(send(near, "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE && pipes_broken == 2);
    close(near);
    usleep(2000);
    while (send(far, "x", 1, MSG_NOSIGNAL) == 1) usleep(2000); // until the reset is here
    CHECK(send(far, "x", 1, 0) == -1 && errno == EPIPE && pipes_broken == 3);
    close(far);
    const int never = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(send(never, "x", 1, 0) == -1 && errno == ENOTCONN && pipes_broken == 3);
    close(never);
}

int signals_seen;

/// Handlers end the waits of accept() and recv(), and of connect(), unless they restart; a cancelled thread ends in recv().
void interrupted() {
    const int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    const int datagrams = socket(AF_INET, SOCK_DGRAM, 0);
    const sockaddr_in address = loopback4(5004);
    bind(listener, generic(address), sizeof address);
    bind(datagrams, generic(address), sizeof address);
    listen(listener, 5);
    struct sigaction action {};
    action.sa_handler = [](int) { ++signals_seen; };
    sigaction(SIGALRM, &action, nullptr);
    const itimerval soon = {{0, 0}, {0, 3000}}, again_and_again = {{0, 3000}, {0, 3000}}, never{};
    char byte = 0;
    setitimer(ITIMER_REAL, &soon, nullptr);
    CHECK(accept(listener, nullptr, nullptr) == -1 && errno == EINTR && signals_seen == 1);
    setitimer(ITIMER_REAL, &soon, nullptr);
    CHECK(recv(datagrams, &byte, 1, 0) == -1 && errno == EINTR && signals_seen == 2);
    connect(client, generic(address), sizeof address);
    setitimer(ITIMER_REAL, &soon, nullptr);
    CHECK(read(client, &byte, 1) == -1 && errno == EINTR && signals_seen == 3);
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, nullptr);
    const int connection = accept(listener, nullptr, nullptr);
    setitimer(ITIMER_REAL, &again_and_again, nullptr);
    std::thread writer([=] {
        while (signals_seen < 6) usleep(1000);
        (void)!write(connection, "x", 1);
    });
    CHECK(read(client, &byte, 1) == 1 && byte == 'x' && signals_seen >= 6);
    setitimer(ITIMER_REAL, &never, nullptr);
    writer.join();
    const timeval moment = {0, 2000};
    CHECK(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment) == 0 && recv(client, &byte, 1, 0) == -1 &&
          errno == EAGAIN);

    pthread_t reader;
    void* result = nullptr;
    pthread_create(
        &reader, nullptr,
        [](void* descriptor) -> void* {
            char byte;
            recv(*static_cast<int*>(descriptor), &byte, 1, 0);
            return nullptr;
        },
        const_cast<int*>(&connection));
    sched_yield();
    CHECK(pthread_cancel(reader) == 0 && pthread_join(reader, &result) == 0 && result == PTHREAD_CANCELED);
    CHECK(write(client, "y", 1) == 1 && read(connection, &byte, 1) == 1 && byte == 'y'); // the socket still works
    close(connection);
    close(client);
    close(datagrams);
    close(listener);
}

void pairs() {
    int ends[2];
    char buffer[10] = "";
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    CHECK(write(ends[0], "to", 2) == 2 && send(ends[1], "back", 4, 0) == 4);
    CHECK(read(ends[1], buffer, 10) == 2 && recv(ends[0], buffer, 10, 0) == 4 && memcmp(buffer, "back", 4) == 0);
    pollfd question = {ends[0], POLLIN | POLLOUT, 0};
    CHECK(poll(&question, 1, 0) == 1 && question.revents == POLLOUT);
    CHECK(recv(ends[0], buffer, 10, MSG_DONTWAIT) == -1 && errno == EAGAIN);
    CHECK(recv(ends[0], buffer, 10, MSG_PEEK) == -1 && errno == EOPNOTSUPP);
    std::thread later([&] {
        usleep(2000);
        shutdown(ends[1], SHUT_WR);
    });
    CHECK(recv(ends[0], buffer, 10, 0) == 0); // the end
    later.join();
    CHECK(write(ends[0], "x", 1) == 1 && read(ends[1], buffer, 10) == 1); // the other way still works
    CHECK(close(ends[1]) == 0 && send(ends[0], "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
    CHECK(getpeername(ends[0], nullptr, nullptr) == -1 && errno == ENOTSOCK && close(ends[0]) == 0);
    CHECK(socketpair(AF_INET, SOCK_STREAM, 0, ends) == -1 && errno == EOPNOTSUPP);
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == -1 && errno == EPROTONOSUPPORT);
}

void errors() {
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in nobody = loopback4(9);
    CHECK(connect(client, generic(nobody), sizeof nobody) == -1 && errno == ECONNREFUSED);
    close(client);
    CHECK(send(client, "x", 1, 0) == -1 && errno == EBADF);
    CHECK(send(1, "x", 1, 0) == -1 && errno == ENOTSOCK);
    CHECK(lseek(socket(AF_INET, SOCK_DGRAM, 0), 0, SEEK_SET) == -1 && errno == ESPIPE);
}

void names() {
    addrinfo hints{}, *found = nullptr;
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    CHECK(getaddrinfo("localhost", "80", &hints, &found) == 0 && found != nullptr);
    if (found != nullptr) {
        const auto* address = reinterpret_cast<const sockaddr_in*>(found->ai_addr);
        CHECK(address->sin_addr.s_addr == htonl(INADDR_LOOPBACK) && ntohs(address->sin_port) == 80);
        freeaddrinfo(found);
    }
    char text[64];
    in6_addr six;
    unsigned char four[4] = {};
    CHECK(inet_pton(AF_INET, "1.20.0.255", four) == 1 && four[0] == 1 && four[1] == 20 && four[2] == 0 &&
          four[3] == 255);
    for (const char* wrong : {"1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.04", "1.2.3.4 ", "1.2..4", "0x1.2.3.4", ""})
        check("an address that inet_pton refuses", inet_pton(AF_INET, wrong, four) == 0 && four[3] == 255);
    CHECK(inet_pton(AF_INET6, "fe80::1:2", &six) == 1 &&
          std::string(inet_ntop(AF_INET6, &six, text, sizeof text)) == "fe80::1:2");
}

/// Flags beside the type are the descriptor's from the beginning.
void flags_of_descriptors() {
    const auto has = [](int descriptor, bool nonblocking, bool closes) {
        return ((fcntl(descriptor, F_GETFL) & O_NONBLOCK) != 0) == nonblocking &&
               ((fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0) == closes;
    };
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const auto address = loopback4(4020);
    CHECK(has(listener, true, true) && bind(listener, generic(address), sizeof address) == 0 &&
          listen(listener, 1) == 0);
    CHECK(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK) == -1 && errno == EAGAIN);
    CHECK(accept4(listener, nullptr, nullptr, 1) == -1 && errno == EINVAL);
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(has(client, false, true) && connect(client, generic(address), sizeof address) == 0);
    fcntl(listener, F_SETFL, 0);
    const int connection = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
    char byte;
    CHECK(has(connection, true, false) && read(connection, &byte, 1) == -1 && errno == EAGAIN);
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0 && has(pair[0], true, false) &&
          has(pair[1], true, false));
    CHECK(read(pair[0], &byte, 1) == -1 && errno == EAGAIN);
    CHECK(bind(client, generic(address), 3) == -1 && errno == EINVAL);
    CHECK(bind(client, nullptr, sizeof address) == -1 && errno == EFAULT);
    sockaddr_in strange = address;
    strange.sin_family = 99;
    CHECK(bind(client, generic(strange), sizeof strange) == -1 && errno == EAFNOSUPPORT);
    for (const int descriptor : {listener, client, connection, pair[0], pair[1]}) close(descriptor);
}

} // namespace

int main() {
    echo("TCP over IPv4, 1 MB there and back", loopback4(4000), 1000000);
    echo("TCP over IPv6, 100 kB there and back", loopback6(4001), 100000);
    datagrams();
    selecting();
    connecting_without_waiting();
    refused_without_waiting();
    reset();
    flags_of_calls();
    broken_streams();
    interrupted();
    pairs();
    errors();
    flags_of_descriptors();
    names();
    return checks_done();
}
