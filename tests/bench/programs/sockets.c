// SPDX-License-Identifier: MIT
// TCP over loopback between two threads.
#include "measure.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#ifndef __skerry__
#include <net/if.h>
#include <sys/ioctl.h>
#endif

static int client, server;
static unsigned turns;
enum { chunk = 16384 };
static char sent[chunk], received[chunk];

/// A connected pair in `client` and `server`.
static int connect_pair(void) {
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(7000);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    client = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr*)&address, sizeof address) != 0 || listen(listener, 1) != 0) return 0;
    if (connect(client, (struct sockaddr*)&address, sizeof address) != 0) return 0;
    server = accept(listener, NULL, NULL);
    close(listener);
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return server >= 0;
}

static void* answer(void* unused) {
    (void)unused;
    char byte;
    for (unsigned i = 0; i < turns; ++i)
        if (recv(server, &byte, 1, 0) != 1 || send(server, &byte, 1, 0) != 1) break;
    return NULL;
}

static uint64_t request_response(unsigned count) {
    pthread_t other;
    turns = count;
    if (pthread_create(&other, NULL, answer, NULL) != 0) return 0;
    char byte = 1;
    const uint64_t start = read_tsc();
    for (unsigned i = 0; i < count; ++i)
        if (send(client, &byte, 1, 0) != 1 || recv(client, &byte, 1, 0) != 1) return 0;
    const uint64_t cost = read_tsc() - start;
    pthread_join(other, NULL);
    return cost;
}

static void* consume(void* total) {
    for (size_t left = *(unsigned*)total; left > 0;) {
        const ssize_t got = recv(server, received, sizeof received, 0);
        if (got <= 0) break;
        left -= (size_t)got;
    }
    return NULL;
}

static uint64_t stream(unsigned bytes) {
    pthread_t other;
    if (pthread_create(&other, NULL, consume, &bytes) != 0) return 0;
    const uint64_t start = read_tsc();
    for (unsigned left = bytes; left > 0; left -= chunk)
        for (size_t done = 0; done < chunk;) {
            const ssize_t took = send(client, sent + done, chunk - done, 0);
            if (took <= 0) return 0;
            done += (size_t)took;
        }
    pthread_join(other, NULL);
    return read_tsc() - start;
}

void measure_sockets(void) {
#ifndef __skerry__
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &request);
#endif
    if (!connect_pair()) {
        printf("bench: tcp_request_response n/a no connection\nbench: tcp_stream_byte n/a no connection\n");
        return;
    }
    measure("tcp_request_response", request_response, 200);
    measure("tcp_stream_byte", stream, 64 * chunk);
    close(client);
    close(server);
}
