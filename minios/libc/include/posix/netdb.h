// SPDX-License-Identifier: MIT
// Names, addresses and services. The structures and first numbers are lwIP's; the functions are minios/net's, over c-ares.
#ifndef SKERRY_NETDB_H
#define SKERRY_NETDB_H

#include <netinet/in.h>
#include <sys/socket.h>

#include <lwip/netdb.h>

#define EAI_AGAIN 205 // no answer, or no server known
#define EAI_SOCKTYPE 206
#define EAI_BADFLAGS 207
#define EAI_OVERFLOW 208
#define EAI_SYSTEM 209 // never: errno says nothing more
#define EAI_NODATA EAI_NONAME

#define NI_NOFQDN 0x01 // makes no difference
#define NI_NUMERICHOST 0x02
#define NI_NAMEREQD 0x04
#define NI_NUMERICSERV 0x08
#define NI_DGRAM 0x10
#define NI_MAXHOST 1025
#define NI_MAXSERV 32

struct servent {
    char* s_name;
    char** s_aliases;
    int s_port; // in network byte order
    char* s_proto;
};

#ifdef __cplusplus
extern "C" {
#endif

int getaddrinfo(const char* name, const char* service, const struct addrinfo* hints, struct addrinfo** result);
void freeaddrinfo(struct addrinfo* result);
const char* gai_strerror(int error);
int getnameinfo(const struct sockaddr* address, socklen_t size, char* name, socklen_t name_size, char* service,
                socklen_t service_size, int flags);
struct hostent* gethostbyname(const char* name);
struct servent* getservbyname(const char* name, const char* protocol);
struct servent* getservbyport(int port, const char* protocol);

#ifdef __cplusplus
}
#endif

#endif
