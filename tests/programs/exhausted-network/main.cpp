// SPDX-License-Identifier: MIT
// Sockets without memory: before the first one, while connections are in use, and until there are no more. Calls say so with their errno,
// what was sent arrives once there is memory again, and all of it is free at the end.
#include "tests/programs/lib/exhaust.h"

#include <cstring>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <thread>

namespace {

bool says_no_memory(int error) { return error == ENOMEM || error == ENOBUFS; }

struct Connection {
    int client = -1, server = -1;
};

sockaddr_in loopback(unsigned short port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}
const sockaddr* generic(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }

int listen_on(unsigned short port) {
    const int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    const sockaddr_in address = loopback(port);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    return bind(listener, generic(address), sizeof address) == 0 && listen(listener, 5) == 0 ? listener : -1;
}

/// A reset at the end, so that neither end lingers with its memory.
void close_at_once(int descriptor) {
    const linger at_once = {1, 0};
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(descriptor);
}

Connection connect_to(int listener, unsigned short port) {
    const sockaddr_in address = loopback(port);
    Connection made;
    made.client = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(made.client, generic(address), sizeof address) == 0) made.server = accept(listener, nullptr, nullptr);
    return made;
}

/// The network's own thread and tables come with the first socket.
void before_the_first() {
    bool good = true;
    for (const long pages : {0, 4, 8, 12, 16, 20}) {
        const Shortage shortage(pages);
        const FullHeap* full = pages == 0 ? new (std::nothrow) FullHeap : nullptr;
        const int one = socket(AF_INET, SOCK_STREAM, 0);
        good = good && (one >= 0 || says_no_memory(errno));
        if (one >= 0) close(one);
        addrinfo* found = nullptr;
        const int result = getaddrinfo("nowhere.example", "80", nullptr, &found);
        good = good && result != 0;
        delete full;
    }
    check("without memory there is no first socket", good);
    const int one = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(one >= 0 && close(one) == 0);
}

/// Sends and receives while now and then all memory is gone for some time.
void streams_in_between() {
    constexpr int total = 600'000;
    const int listener = listen_on(6001);
    const Connection both = connect_to(listener, 6001);
    CHECK(both.client >= 0 && both.server >= 0);
    std::thread sender([&] {
        static char piece[20'000];
        for (int sent = 0; sent < total;) {
            const int size =
                total - sent < static_cast<int>(sizeof piece) ? total - sent : static_cast<int>(sizeof piece);
            for (int i = 0; i < size; ++i) piece[i] = static_cast<char>((sent + i) % 251);
            const ssize_t taken = send(both.client, piece, static_cast<std::size_t>(size), 0);
            if (taken > 0) sent += static_cast<int>(taken);
            if (taken < 0 && !says_no_memory(errno)) break;
            if (taken <= 0) usleep(10'000);
        }
        shutdown(both.client, SHUT_WR);
    });
    int received = 0, short_times = 0;
    bool right = true;
    static char piece[30'000];
    for (;;) {
        if (received / 100'000 >= short_times) { // the timers run meanwhile, and what is under way arrives or is lost
            ++short_times;
            const FullHeap full;
            usleep(600'000);
        }
        const ssize_t got = recv(both.server, piece, sizeof piece, 0);
        if (got < 0 && says_no_memory(errno)) continue;
        if (got <= 0) break;
        for (ssize_t i = 0; i < got; ++i) right = right && piece[i] == static_cast<char>(received++ % 251);
    }
    sender.join();
    check("a stream arrives whole, however often memory was gone", right && received == total && short_times > 4);
    close_at_once(both.client);
    close_at_once(both.server);
    close(listener);
}

/// Connections until there is no memory, or no descriptor; then each carries a byte there and back as soon as there is memory again.
void many_connections() {
    constexpr int most = 600;
    static Connection all[most];
    const int listener = listen_on(6002);
    int count = 0, error = 0;
    {
        const Shortage shortage(200);
        for (; count < most; ++count) {
            all[count] = {};
            Connection& made = all[count];
            const sockaddr_in address = loopback(6002);
            made.client = socket(AF_INET, SOCK_STREAM, 0);
            if (made.client < 0) break;
            fcntl(made.client, F_SETFL, O_NONBLOCK);
            if (connect(made.client, generic(address), sizeof address) != 0 && errno != EINPROGRESS) break;
            pollfd question = {listener, POLLIN, 0};
            if (poll(&question, 1, 2000) != 1 || (made.server = accept(listener, nullptr, nullptr)) < 0) break;
        }
        error = errno;
        printf("(%d connections, then errno %d)\n", count, error);
        check("connections until there are no more", count > 10 && count < most);
    }
    if (all[count].client >= 0) close_at_once(all[count].client);
    bool good = true;
    for (int i = 0; i < count; ++i) {
        char byte = 0;
        fcntl(all[i].client, F_SETFL, 0);
        good = good && send(all[i].client, "x", 1, 0) == 1 && recv(all[i].server, &byte, 1, 0) == 1 && byte == 'x';
        good = good && send(all[i].server, "y", 1, 0) == 1 && recv(all[i].client, &byte, 1, 0) == 1 && byte == 'y';
        close_at_once(all[i].client);
        close_at_once(all[i].server);
    }
    check("all of them work", good);
    close(listener);
    usleep(10'000);
}

/// Datagrams that nobody takes, and those for which there is no memory: lost, but nothing else is.
void datagrams() {
    const int server = socket(AF_INET, SOCK_DGRAM, 0), client = socket(AF_INET, SOCK_DGRAM, 0);
    const sockaddr_in address = loopback(6003);
    CHECK(bind(server, generic(address), sizeof address) == 0);
    static char datagram[1400];
    bool good = true;
    {
        const Shortage shortage(100);
        for (int i = 0; i < 600; ++i) {
            const ssize_t sent = sendto(client, datagram, sizeof datagram, 0, generic(address), sizeof address);
            good = good && (sent == sizeof datagram || (sent == -1 && says_no_memory(errno)));
        }
        check("600 datagrams, sent or refused", good);
    }
    usleep(10'000); // lwIP's thread has not run meanwhile
    int got = 0;
    while (recv(server, datagram, sizeof datagram, MSG_DONTWAIT) == sizeof datagram) ++got;
    check("some of them arrive", got > 10 && got <= 600);
    CHECK(sendto(client, "last", 4, 0, generic(address), sizeof address) == 4 &&
          recv(server, datagram, sizeof datagram, 0) == 4);
    close(server);
    close(client);
}

} // namespace

int main() {
    before_the_first();
    again_and_again("streams", streams_in_between, {0, 2000}); // a connection may linger
    again_and_again("connections", many_connections, {0, 2000});
    again_and_again("datagrams", datagrams);
    return checks_done();
}
