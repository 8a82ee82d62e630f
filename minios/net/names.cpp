// SPDX-License-Identifier: MIT
// Names and text forms of addresses, under POSIX's names.
#include "network.h"

#include <netdb.h>
#include <sys/socket.h>

#include <lwip/inet.h>

extern "C" {

int getaddrinfo(const char* name, const char* service, const struct addrinfo* hints, struct addrinfo** result) {
    minios::net::start();
    return lwip_getaddrinfo(name, service, hints, result);
}
void freeaddrinfo(struct addrinfo* result) { lwip_freeaddrinfo(result); }
struct hostent* gethostbyname(const char* name) {
    minios::net::start();
    return lwip_gethostbyname(name);
}

const char* gai_strerror(int error) {
    switch (error) {
    case 0: return "no error";
    case EAI_NONAME: return "no such name";
    case EAI_SERVICE: return "no such service";
    case EAI_FAIL: return "the resolver failed";
    case EAI_MEMORY: return "out of memory";
    case EAI_FAMILY: return "no such address family";
    case EAI_OVERFLOW: return "no room for the answer";
    default: return "unknown error";
    }
}

in_addr_t inet_addr(const char* text) { return ipaddr_addr(text); }
int inet_aton(const char* text, struct in_addr* address) {
    return ip4addr_aton(text, reinterpret_cast<ip4_addr_t*>(address));
}
char* inet_ntoa(struct in_addr address) { return ip4addr_ntoa(reinterpret_cast<const ip4_addr_t*>(&address)); }
const char* inet_ntop(int family, const void* address, char* text, socklen_t size) {
    return lwip_inet_ntop(family, address, text, size);
}
int inet_pton(int family, const char* text, void* address) { return lwip_inet_pton(family, text, address); }

} // extern "C"
