// SPDX-License-Identifier: MIT
// Text forms of addresses, under POSIX's names.
#include <arpa/inet.h>
#include <sys/socket.h>

#include <lwip/inet.h>

extern "C" {

extern const struct in6_addr in6addr_loopback;
const struct in6_addr in6addr_loopback = IN6ADDR_LOOPBACK_INIT;

in_addr_t inet_addr(const char* text) { return ipaddr_addr(text); }
int inet_aton(const char* text, struct in_addr* address) {
    return ip4addr_aton(text, reinterpret_cast<ip4_addr_t*>(address));
}
char* inet_ntoa(struct in_addr address) { return ip4addr_ntoa(reinterpret_cast<const ip4_addr_t*>(&address)); }
/// In small letters (RFC 5952), which lwIP's are not.
const char* inet_ntop(int family, const void* address, char* text, socklen_t size) {
    if (lwip_inet_ntop(family, address, text, size) == nullptr) return nullptr;
    for (char* c = text; *c != 0; ++c)
        if (*c >= 'A' && *c <= 'F') *c = static_cast<char>(*c | 0x20);
    return text;
}
int inet_pton(int family, const char* text, void* address) { return lwip_inet_pton(family, text, address); }

} // extern "C"
