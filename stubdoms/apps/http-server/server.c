// SPDX-License-Identifier: MIT
#include "server.h"

#include <civetweb.h>
#include <stdio.h>

static int complain(const struct mg_connection* connection, const char* message) {
    (void)connection;
    printf("http-server: %s\n", message);
    return 1;
}

struct mg_context* start_server(const char* ports, const char* threads) {
    const char* options[] = {"document_root",         "/files",   "listening_ports", ports, "num_threads", threads, "enable_keep_alive", "yes",
                             "keep_alive_timeout_ms", "30000",    "tcp_nodelay",     "1",   "enable_directory_listing", "yes",
                             "request_timeout_ms",    "30000",    NULL};
    const struct mg_callbacks callbacks = {.log_message = complain};
    mg_init_library(0);
    struct mg_context* server = mg_start(&callbacks, NULL, options);
    if (server == NULL) printf("http-server: cannot listen on %s\n", ports);
    return server;
}
