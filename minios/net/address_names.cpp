// SPDX-License-Identifier: MIT
// getnameinfo: numbers, since nothing here maps addresses back to names.
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

#include <lwip/inet.h>

namespace {

/// Text of the address and the port in `address`; 0 or EAI_*.
int parts_of(const struct sockaddr& address, socklen_t size, char (&host)[NI_MAXHOST], unsigned& port) {
    const void* bytes = nullptr;
    if (address.sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
        bytes = &v4.sin_addr;
        port = ntohs(v4.sin_port);
    } else if (address.sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
        bytes = &v6.sin6_addr;
        port = ntohs(v6.sin6_port);
    }
    return bytes != nullptr && lwip_inet_ntop(address.sa_family, bytes, host, sizeof host) != nullptr ? 0 : EAI_FAMILY;
}

} // namespace

extern "C" int getnameinfo(const struct sockaddr* address, socklen_t address_size, char* host, socklen_t host_size,
                           char* service, socklen_t service_size, int flags) {
    char text[NI_MAXHOST];
    unsigned port = 0;
    const bool wants_host = host != nullptr && host_size > 0, wants_service = service != nullptr && service_size > 0;
    if ((!wants_host && !wants_service) || (flags & NI_NAMEREQD) != 0) return EAI_NONAME;
    if (const int error = parts_of(*address, address_size, text, port); error != 0) return error;
    const auto fits = [](int length, socklen_t size) { return length >= 0 && static_cast<socklen_t>(length) < size; };
    if (wants_host && !fits(snprintf(host, host_size, "%s", text), host_size)) return EAI_OVERFLOW;
    if (wants_service && !fits(snprintf(service, service_size, "%u", port), service_size)) return EAI_OVERFLOW;
    return 0;
}
