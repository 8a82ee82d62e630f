// SPDX-License-Identifier: MIT
// Internet addresses: with the sockets; and POSIX's tests of IPv6 addresses, which lwIP has under other names.
#ifndef SKERRY_NETINET_IN_H
#define SKERRY_NETINET_IN_H

#include <sys/socket.h>

#define SKERRY_IN6_BYTE(address, i) (((const unsigned char*)(address))[i])
#define SKERRY_IN6_WORD(address, i) (((const unsigned*)(address))[i])
#define SKERRY_IN6_STARTS_EMPTY(address) (SKERRY_IN6_WORD(address, 0) == 0 && SKERRY_IN6_WORD(address, 1) == 0)

#define IN6_ARE_ADDR_EQUAL(one, other) (__builtin_memcmp(one, other, 16) == 0)
#define IN6_IS_ADDR_UNSPECIFIED(address)                                                                               \
    (SKERRY_IN6_STARTS_EMPTY(address) && SKERRY_IN6_WORD(address, 2) == 0 && SKERRY_IN6_WORD(address, 3) == 0)
#define IN6_IS_ADDR_LOOPBACK(address)                                                                                  \
    (SKERRY_IN6_STARTS_EMPTY(address) && SKERRY_IN6_WORD(address, 2) == 0 && SKERRY_IN6_WORD(address, 3) == htonl(1))
#define IN6_IS_ADDR_MULTICAST(address) (SKERRY_IN6_BYTE(address, 0) == 0xff)
#define IN6_IS_ADDR_LINKLOCAL(address)                                                                                 \
    (SKERRY_IN6_BYTE(address, 0) == 0xfe && (SKERRY_IN6_BYTE(address, 1) & 0xc0) == 0x80)
#define IN6_IS_ADDR_SITELOCAL(address)                                                                                 \
    (SKERRY_IN6_BYTE(address, 0) == 0xfe && (SKERRY_IN6_BYTE(address, 1) & 0xc0) == 0xc0)
#define IN6_IS_ADDR_V4MAPPED(address) (SKERRY_IN6_STARTS_EMPTY(address) && SKERRY_IN6_WORD(address, 2) == htonl(0xffff))
#define IN6_IS_ADDR_V4COMPAT(address)                                                                                  \
    (SKERRY_IN6_STARTS_EMPTY(address) && SKERRY_IN6_WORD(address, 2) == 0 && ntohl(SKERRY_IN6_WORD(address, 3)) > 1)

#ifdef __cplusplus
extern "C" const struct in6_addr in6addr_loopback;
#else
extern const struct in6_addr in6addr_loopback;
#endif

#endif
