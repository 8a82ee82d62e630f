// SPDX-License-Identifier: MIT
// One end of a TLS connection over a socket, with mbedTLS: settings that many connections share, and a connection.
#pragma once

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>

/// What all connections of one kind share. Lives as long as they do.
struct endpoint {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_ssl_config config;
    mbedtls_x509_crt trusted, own;
    mbedtls_pk_context key;
};

/// `as`: MBEDTLS_SSL_IS_SERVER or _CLIENT. The peer has to show a certificate that `trusted` (PEM) signed, or none is asked for if that is
/// NULL; `certificate` and `key` (PEM) are shown, or none if NULL. 0, or mbedTLS's error.
int endpoint_setup(struct endpoint* endpoint, int as, const char* trusted, const char* certificate, const char* key);

struct connection {
    mbedtls_net_context socket;
    mbedtls_ssl_context tls;
};

/// The handshake over a connected socket, which the connection owns from now on. A client asks for `host`; a server has NULL. 0 or mbedTLS's error.
int connection_start(struct connection* connection, struct endpoint* endpoint, int socket, const char* host);
/// All of it, or mbedTLS's error.
int connection_send(struct connection* connection, const unsigned char* from, size_t size);
/// Exactly `size` bytes: 0, or mbedTLS's error.
int connection_receive(struct connection* connection, unsigned char* to, size_t size);
/// Says goodbye if it can, and closes the socket.
void connection_end(struct connection* connection);
