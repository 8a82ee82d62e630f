// SPDX-License-Identifier: MIT
#include "endpoint.h"

#include <string.h>

int endpoint_setup(struct endpoint* endpoint, int as, const char* trusted, const char* certificate, const char* key) {
    mbedtls_entropy_init(&endpoint->entropy);
    mbedtls_ctr_drbg_init(&endpoint->random);
    mbedtls_ssl_config_init(&endpoint->config);
    mbedtls_x509_crt_init(&endpoint->trusted);
    mbedtls_x509_crt_init(&endpoint->own);
    mbedtls_pk_init(&endpoint->key);
    int error = mbedtls_ctr_drbg_seed(&endpoint->random, mbedtls_entropy_func, &endpoint->entropy, NULL, 0);
    if (error == 0)
        error = mbedtls_ssl_config_defaults(&endpoint->config, as, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_rng(&endpoint->config, mbedtls_ctr_drbg_random, &endpoint->random);
    mbedtls_ssl_conf_authmode(&endpoint->config, trusted != NULL ? MBEDTLS_SSL_VERIFY_REQUIRED : MBEDTLS_SSL_VERIFY_NONE);
    if (error == 0 && trusted != NULL) {
        error = mbedtls_x509_crt_parse(&endpoint->trusted, (const unsigned char*)trusted, strlen(trusted) + 1);
        mbedtls_ssl_conf_ca_chain(&endpoint->config, &endpoint->trusted, NULL);
    }
    if (error == 0 && certificate != NULL) {
        error = mbedtls_x509_crt_parse(&endpoint->own, (const unsigned char*)certificate, strlen(certificate) + 1);
        if (error == 0) error = mbedtls_pk_parse_key(&endpoint->key, (const unsigned char*)key, strlen(key) + 1, NULL, 0);
        if (error == 0) error = mbedtls_ssl_conf_own_cert(&endpoint->config, &endpoint->own, &endpoint->key);
    }
    return error;
}

int connection_start(struct connection* connection, struct endpoint* endpoint, int socket, const char* host) {
    mbedtls_ssl_init(&connection->tls);
    connection->socket.fd = socket;
    int error = mbedtls_ssl_setup(&connection->tls, &endpoint->config);
    if (error == 0 && host != NULL) error = mbedtls_ssl_set_hostname(&connection->tls, host);
    mbedtls_ssl_set_bio(&connection->tls, &connection->socket, mbedtls_net_send, mbedtls_net_recv, NULL);
    return error != 0 ? error : mbedtls_ssl_handshake(&connection->tls);
}

int connection_send(struct connection* connection, const unsigned char* from, size_t size) {
    for (size_t done = 0; done < size;) {
        const int count = mbedtls_ssl_write(&connection->tls, from + done, size - done);
        if (count < 0) return count;
        done += (size_t)count;
    }
    return 0;
}

int connection_receive(struct connection* connection, unsigned char* to, size_t size) {
    for (size_t done = 0; done < size;) {
        const int count = mbedtls_ssl_read(&connection->tls, to + done, size - done);
        if (count <= 0) return count < 0 ? count : MBEDTLS_ERR_SSL_CONN_EOF;
        done += (size_t)count;
    }
    return 0;
}

void connection_end(struct connection* connection) {
    if (connection->tls.state == MBEDTLS_SSL_HANDSHAKE_OVER) mbedtls_ssl_close_notify(&connection->tls);
    mbedtls_net_free(&connection->socket);
    mbedtls_ssl_free(&connection->tls);
}
