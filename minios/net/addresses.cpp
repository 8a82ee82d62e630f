// SPDX-License-Identifier: MIT
// Text forms of addresses, under POSIX's names.
#include <arpa/inet.h>
#include <sys/socket.h>

#include <lwip/inet.h>

namespace {

/// Four decimal numbers and nothing else, which is stricter than lwIP's (inet_aton() takes fewer, octal ones, and blanks behind).
bool four_numbers(const char* text, unsigned char* address) {
    unsigned char bytes[4];
    for (int i = 0; i < 4; ++i) {
        unsigned value = 0;
        int digits = 0;
        for (; *text >= '0' && *text <= '9'; ++text) {
            if (digits++ != 0 && value == 0) return false;
            value = value * 10 + static_cast<unsigned>(*text - '0');
            if (value > 255) return false;
        }
        if (digits == 0 || *text != (i < 3 ? '.' : 0)) return false;
        bytes[i] = static_cast<unsigned char>(value);
        if (i < 3) ++text;
    }
    for (int i = 0; i < 4; ++i) address[i] = bytes[i];
    return true;
}

} // namespace

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
int inet_pton(int family, const char* text, void* address) {
    if (family != AF_INET) return lwip_inet_pton(family, text, address);
    return four_numbers(text, static_cast<unsigned char*>(address));
}

} // extern "C"
