// SPDX-License-Identifier: MIT
// Names and addresses: lwIP's resolver.
#ifndef SKERRY_NETDB_H
#define SKERRY_NETDB_H

#include <sys/socket.h>

#include <lwip/netdb.h>

#define EAI_AGAIN EAI_FAIL
#define EAI_SYSTEM 211
#define EAI_BADFLAGS 212

#ifdef __cplusplus
extern "C" {
#endif

int getaddrinfo(const char* name, const char* service, const struct addrinfo* hints, struct addrinfo** result);
void freeaddrinfo(struct addrinfo* result);
const char* gai_strerror(int error);
struct hostent* gethostbyname(const char* name);

#ifdef __cplusplus
}
#endif

#endif
