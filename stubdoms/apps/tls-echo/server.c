// SPDX-License-Identifier: MIT
#include "server.h"

#include <pthread.h>
#include <stdlib.h>

struct listener {
    mbedtls_net_context socket;
    struct endpoint* endpoint;
};

struct visit {
    struct endpoint* endpoint;
    int socket;
};

static void* echo(void* argument) {
    const struct visit visit = *(struct visit*)argument;
    free(argument);
    struct connection connection;
    unsigned char bytes[4096];
    if (connection_start(&connection, visit.endpoint, visit.socket, NULL) == 0)
        for (int count; (count = mbedtls_ssl_read(&connection.tls, bytes, sizeof bytes)) > 0;)
            if (connection_send(&connection, bytes, (size_t)count) != 0) break;
    connection_end(&connection);
    return NULL;
}

static void* listen_for_ever(void* argument) {
    struct listener* listener = argument;
    for (;;) {
        mbedtls_net_context client;
        mbedtls_net_init(&client);
        if (mbedtls_net_accept(&listener->socket, &client, NULL, 0, NULL) != 0) continue;
        struct visit* visit = malloc(sizeof *visit);
        pthread_t thread;
        if (visit != NULL) *visit = (struct visit){listener->endpoint, client.fd};
        if (visit != NULL && pthread_create(&thread, NULL, echo, visit) == 0) {
            pthread_detach(thread);
        } else {
            mbedtls_net_free(&client);
            free(visit);
        }
    }
    return NULL;
}

int serve_echo(struct endpoint* endpoint, const char* port) {
    struct listener* listener = malloc(sizeof *listener);
    pthread_t thread;
    if (listener == NULL) return 0;
    listener->endpoint = endpoint;
    mbedtls_net_init(&listener->socket);
    return mbedtls_net_bind(&listener->socket, NULL, port, MBEDTLS_NET_PROTO_TCP) == 0 &&
           pthread_create(&thread, NULL, listen_for_ever, listener) == 0;
}
