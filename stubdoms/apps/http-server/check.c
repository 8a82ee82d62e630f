// SPDX-License-Identifier: MIT
// The server and its clients in one domain, over loopback: many connections at once, each kept alive for many requests, every byte compared with
// the file; then what a server has to refuse. Says "http: N answers, M bytes, as they should be".
#define _GNU_SOURCE // strcasestr
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { connections = 40, rounds = 16, port = 8080 };

// The tree that the test makes (tests/system/real_programs_test.cpp).
static const char* const paths[] = {"/empty", "/small.txt", "/folder/inner.html", "/large.bin"};
enum { path_count = sizeof paths / sizeof paths[0] };

static long answers, bytes;

static void require(int good, const char* what, const char* where) {
    if (good) return;
    printf("http: FAILED: %s: %s (errno %d)\n", where, what, errno);
    exit(1);
}

static int connect_to_server(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const int connection = socket(AF_INET, SOCK_STREAM, 0);
    require(connection >= 0 && connect(connection, (struct sockaddr*)&address, sizeof address) == 0, "connect", "server");
    return connection;
}

static void send_all(int connection, const char* text) {
    for (size_t left = strlen(text); left > 0;) {
        const ssize_t sent = send(connection, text, left, 0);
        require(sent > 0, "send", text);
        text += sent;
        left -= (size_t)sent;
    }
}

struct Answer {
    int status;
    long length; ///< of the body, as the header says; -1: it does not
    char header[2048];
};

/// Reads up to the empty line, byte by byte since what follows belongs to the body.
static struct Answer read_header(int connection, const char* path) {
    struct Answer answer = {0, -1, ""};
    size_t size = 0;
    while (size < 4 || memcmp(answer.header + size - 4, "\r\n\r\n", 4) != 0) {
        require(size + 1 < sizeof answer.header && recv(connection, answer.header + size, 1, 0) == 1, "no header", path);
        answer.header[++size] = 0;
    }
    require(sscanf(answer.header, "HTTP/1.%*d %d ", &answer.status) == 1, "no HTTP", path);
    const char* length = strcasestr(answer.header, "\r\nContent-Length:");
    if (length != NULL) answer.length = strtol(length + strlen("\r\nContent-Length:"), NULL, 10);
    return answer;
}

/// The body is exactly the bytes [from, from + size) of the file.
static void compare_body(int connection, const char* path, long from, long size) {
    char name[128], expected[4096], got[4096];
    snprintf(name, sizeof name, "/files%s", path);
    const int file = open(name, O_RDONLY);
    require(file >= 0 && lseek(file, from, SEEK_SET) == from, "cannot be opened", path);
    for (long done = 0; done < size;) {
        const size_t wanted = size - done < (long)sizeof got ? (size_t)(size - done) : sizeof got;
        const ssize_t count = recv(connection, got, wanted, 0);
        require(count > 0, "the body ends early", path);
        require(read(file, expected, (size_t)count) == count && memcmp(got, expected, (size_t)count) == 0, "a byte differs", path);
        done += count;
    }
    close(file);
    ++answers;
    bytes += size;
}

static void get_file(int connection, const char* path) {
    char request[256], name[128];
    struct stat status;
    snprintf(name, sizeof name, "/files%s", path);
    require(stat(name, &status) == 0, "stat", name);
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    send_all(connection, request);
    const struct Answer answer = read_header(connection, path);
    require(answer.status == 200, "status", path);
    require(answer.length == status.st_size, "length", path);
    compare_body(connection, path, 0, answer.length);
}

static void* client(void* argument) {
    const long number = (long)argument;
    const int connection = connect_to_server();
    for (int round = 0; round < rounds; ++round) get_file(connection, paths[(number + round) % path_count]);
    close(connection);
    return NULL;
}

static void under_load(void) {
    pthread_t threads[connections];
    for (long i = 0; i < connections; ++i) require(pthread_create(&threads[i], NULL, client, (void*)i) == 0, "thread", "client");
    for (int i = 0; i < connections; ++i) pthread_join(threads[i], NULL);
    require(answers == connections * rounds, "answers", "load");
}

static void skip_body(int connection, long length) {
    char byte;
    while (length-- > 0) require(recv(connection, &byte, 1, 0) == 1, "the body ends early", "refusal");
}

/// One request, one status; the connection may be closed by the server afterwards.
static void expect_status(const char* request, int status) {
    const int connection = connect_to_server();
    send_all(connection, request);
    const struct Answer answer = read_header(connection, request);
    if (answer.status != status) printf("http: %d instead of %d\n", answer.status, status);
    require(answer.status == status, "status", request);
    close(connection);
    ++answers;
}

static void partial_and_conditional(void) {
    const int connection = connect_to_server();
    send_all(connection, "GET /large.bin HTTP/1.1\r\nHost: localhost\r\nRange: bytes=70000-70999\r\n\r\n");
    struct Answer answer = read_header(connection, "range");
    require(answer.status == 206 && answer.length == 1000, "status", "range");
    compare_body(connection, "/large.bin", 70000, 1000);
    send_all(connection, "HEAD /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n");
    answer = read_header(connection, "HEAD");
    require(answer.status == 200 && answer.length > 100000, "status", "HEAD");
    // Two requests in one piece: the answers come in order.
    send_all(connection, "GET /small.txt HTTP/1.1\r\nHost: localhost\r\n\r\nGET /missing HTTP/1.1\r\nHost: localhost\r\n\r\n");
    answer = read_header(connection, "/small.txt");
    require(answer.status == 200, "status", "pipelined");
    compare_body(connection, "/small.txt", 0, answer.length);
    answer = read_header(connection, "/missing");
    require(answer.status == 404, "status", "pipelined and missing");
    skip_body(connection, answer.length);
    close(connection);
    ++answers;
}

static void refusals(void) {
    expect_status("GET /missing HTTP/1.1\r\nHost: localhost\r\n\r\n", 404);
    expect_status("GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", 404);
    expect_status("PUT /new HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", 401);
    expect_status("NONSENSE\r\n\r\n", 400);
    // Half a request, and gone: the server lives on.
    const int connection = connect_to_server();
    send_all(connection, "GET /small.txt HT");
    close(connection);
    expect_status("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 200); // a listing
}

int main(void) {
    require(start_server("127.0.0.1:8080,[::1]:8080", "8") != NULL, "start", "server");
    under_load();
    partial_and_conditional();
    refusals();
    printf("http: %ld answers, %ld bytes, as they should be\n", answers, bytes);
    fflush(stdout);
    _exit(0); // the server's threads wait for ever
}
