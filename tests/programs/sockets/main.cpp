// SPDX-License-Identifier: MIT
// Sockets over the loopback interface: TCP and UDP, IPv4 and IPv6, poll and select, names, errors.
#include "tests/programs/lib/check.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netdb.h>
#include <string>
#include <sys/socket.h>
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
    CHECK(inet_pton(AF_INET6, "fe80::1:2", &six) == 1 &&
          std::string(inet_ntop(AF_INET6, &six, text, sizeof text)) == "FE80::1:2");
}

} // namespace

int main() {
    echo("TCP over IPv4, 1 MB there and back", loopback4(4000), 1000000);
    echo("TCP over IPv6, 100 kB there and back", loopback6(4001), 100000);
    datagrams();
    selecting();
    connecting_without_waiting();
    errors();
    names();
    return checks_done();
}
