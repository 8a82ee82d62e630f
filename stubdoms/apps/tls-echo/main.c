// SPDX-License-Identifier: MIT
// TLS between servers and clients of one domain, over loopback, with mbedTLS's test certificates: many connections with messages of every size;
// then what has to be refused. Says "tls-echo: N connections, M bytes came back, K refused".
#include "server.h"

#include <mbedtls/certs.h>
#include <mbedtls/error.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { clients = 6, largest = 150000 };

static struct endpoint trusting_client, plain_server, strict_server, known_client, wrong_client;
static long connections, came_back, refused;

static void require(int good, const char* what, int error) {
    if (good) return;
    char text[128] = "";
    if (error != 0) mbedtls_strerror(error, text, sizeof text);
    printf("tls-echo: FAILED: %s %s\n", what, text);
    exit(1);
}

static int open_socket(const char* port) {
    mbedtls_net_context socket;
    mbedtls_net_init(&socket);
    require(mbedtls_net_connect(&socket, "127.0.0.1", port, MBEDTLS_NET_PROTO_TCP) == 0, "connect", 0);
    return socket.fd;
}

/// Sends `size` bytes that depend on `seed` and compares what comes back.
static void exchange(struct connection* connection, size_t size, unsigned seed) {
    unsigned char *sent = malloc(size), *got = malloc(size);
    require(sent != NULL && got != NULL, "memory", 0);
    for (size_t i = 0; i < size; ++i) sent[i] = (unsigned char)(((unsigned)i * 2654435761u + seed) >> 24);
    // In parts: the server answers while we send, and nobody's buffers are without end.
    for (size_t done = 0, part; done < size; done += part) {
        part = size - done < 50000 ? size - done : 50000;
        int error = connection_send(connection, sent + done, part);
        require(error == 0, "send", error);
        error = connection_receive(connection, got + done, part);
        require(error == 0, "receive", error);
    }
    require(memcmp(sent, got, size) == 0, "a byte came back different", 0);
    came_back += (long)size;
    free(sent);
    free(got);
}

static void* many_messages(void* argument) {
    const unsigned number = (unsigned)(size_t)argument;
    struct connection connection;
    const int error = connection_start(&connection, &trusting_client, open_socket("4433"), "localhost");
    require(error == 0, "handshake", error);
    for (size_t size = 1; size < 64; ++size) exchange(&connection, size, number);
    for (size_t size = 64; size <= largest; size = size * 3 + number) exchange(&connection, size, number);
    connection_end(&connection);
    ++connections;
    return NULL;
}

static void under_load(void) {
    pthread_t threads[clients];
    for (size_t i = 0; i < clients; ++i) require(pthread_create(&threads[i], NULL, many_messages, (void*)i) == 0, "thread", 0);
    for (int i = 0; i < clients; ++i) pthread_join(threads[i], NULL);
}

/// The handshake fails at this end with `wanted`; or, where that is an alert, which a server's reset may overtake, with a reset, and at the latest
/// when the answer should come.
static void expect_refusal(const char* what, struct endpoint* endpoint, const char* port, const char* host, int wanted) {
    struct connection connection;
    int error = connection_start(&connection, endpoint, open_socket(port), host);
    unsigned char byte = 'x';
    if (error == 0) error = connection_send(&connection, &byte, 1);
    if (error == 0) error = connection_receive(&connection, &byte, 1);
    const int overtaken = wanted == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE && error == MBEDTLS_ERR_NET_CONN_RESET;
    require(error == wanted || overtaken, what, error);
    connection_end(&connection);
    ++refused;
}

static void expect_welcome(struct endpoint* endpoint, const char* port) {
    struct connection connection;
    const int error = connection_start(&connection, endpoint, open_socket(port), "localhost");
    require(error == 0, "handshake", error);
    exchange(&connection, 1000, 1);
    connection_end(&connection);
    ++connections;
}

/// Not TLS at all: the server closes the connection, and has said nothing but an alert.
static void talk_nonsense(void) {
    mbedtls_net_context socket = {open_socket("4433")};
    static const char nonsense[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    unsigned char bytes[256];
    require(mbedtls_net_send(&socket, (const unsigned char*)nonsense, sizeof nonsense - 1) > 0, "send", 0);
    int count, total = 0;
    while ((count = mbedtls_net_recv(&socket, bytes, sizeof bytes)) > 0) total += count;
    require(total <= 7, "an answer to nonsense", 0);
    mbedtls_net_free(&socket);
    ++refused;
}

/// A client that passes everything on to the server but changes one bit of its own tenth record.
static int records;
static int send_with_a_wrong_bit(void* socket, const unsigned char* bytes, size_t size) {
    unsigned char copy[20000];
    require(size <= sizeof copy, "record", 0);
    memcpy(copy, bytes, size);
    if (++records == 10) copy[size - 1] ^= 1;
    return mbedtls_net_send(socket, copy, size);
}
static void change_a_bit(void) {
    struct connection connection;
    int error = connection_start(&connection, &trusting_client, open_socket("4433"), "localhost");
    require(error == 0, "handshake", error);
    records = 0;
    mbedtls_ssl_set_bio(&connection.tls, &connection.socket, send_with_a_wrong_bit, mbedtls_net_recv, NULL);
    unsigned char byte = 'x';
    int exchanged = 0;
    for (; error == 0 && exchanged < 20; ++exchanged) {
        error = connection_send(&connection, &byte, 1);
        if (error == 0) error = connection_receive(&connection, &byte, 1);
    }
    require(exchanged == 10 && error == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE, "a changed record was taken", error);
    connection_end(&connection);
    ++refused;
}

int main(void) {
    const char *authority = mbedtls_test_cas_pem, *other = mbedtls_test_cli_crt;
    int error = endpoint_setup(&plain_server, MBEDTLS_SSL_IS_SERVER, NULL, mbedtls_test_srv_crt, mbedtls_test_srv_key);
    if (error == 0) error = endpoint_setup(&strict_server, MBEDTLS_SSL_IS_SERVER, authority, mbedtls_test_srv_crt, mbedtls_test_srv_key);
    if (error == 0) error = endpoint_setup(&trusting_client, MBEDTLS_SSL_IS_CLIENT, authority, NULL, NULL);
    if (error == 0) error = endpoint_setup(&known_client, MBEDTLS_SSL_IS_CLIENT, authority, mbedtls_test_cli_crt, mbedtls_test_cli_key);
    if (error == 0) error = endpoint_setup(&wrong_client, MBEDTLS_SSL_IS_CLIENT, other, NULL, NULL);
    require(error == 0, "setup", error);
    require(serve_echo(&plain_server, "4433") && serve_echo(&strict_server, "4434"), "serve", 0);

    under_load();
    expect_welcome(&known_client, "4434");
    expect_refusal("an authority that did not sign", &wrong_client, "4433", "localhost", MBEDTLS_ERR_X509_CERT_VERIFY_FAILED);
    expect_refusal("another host's certificate", &trusting_client, "4433", "example.org", MBEDTLS_ERR_X509_CERT_VERIFY_FAILED);
    expect_refusal("a client without a certificate", &trusting_client, "4434", "localhost", MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE);
    talk_nonsense();
    change_a_bit();
    expect_welcome(&trusting_client, "4433");
    printf("tls-echo: %ld connections, %ld bytes came back, %ld refused\n", connections, came_back, refused);
    fflush(stdout);
    _exit(0); // the servers listen for ever
}
