// SPDX-License-Identifier: MIT
// Names and addresses: lwIP's resolver.
#ifndef SKERRY_NETDB_H
#define SKERRY_NETDB_H

#include <sys/socket.h>

#include <lwip/netdb.h>

#define EAI_AGAIN EAI_FAIL
#define EAI_SYSTEM 211
#define EAI_BADFLAGS 212
#define EAI_OVERFLOW 213

#define NI_NUMERICHOST 1
#define NI_NUMERICSERV 2
#define NI_NOFQDN 4
#define NI_NAMEREQD 8
#define NI_DGRAM 16
#define NI_MAXHOST 256
#define NI_MAXSERV 32

#ifdef __cplusplus
extern "C" {
#endif

int getaddrinfo(const char* name, const char* service, const struct addrinfo* hints, struct addrinfo** result);
void freeaddrinfo(struct addrinfo* result);
const char* gai_strerror(int error);
int getnameinfo(const struct sockaddr* address, socklen_t address_size, char* host, socklen_t host_size, char* service,
                socklen_t service_size, int flags);
struct hostent* gethostbyname(const char* name);

#ifdef __cplusplus
}
#endif

#endif
