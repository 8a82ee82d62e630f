// SPDX-License-Identifier: MIT
// Sockets: lwIP's types and numbers; the functions are minios/net/sockets.cpp, which makes descriptors of them.
#ifndef SKERRY_SYS_SOCKET_H
#define SKERRY_SYS_SOCKET_H

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/uio.h>

#include <lwip/sockets.h>

#undef inet_addr // functions here, not macros
#undef inet_aton
#undef inet_ntoa
#undef inet_ntop
#undef inet_pton

#ifndef AF_UNIX
#define AF_UNIX 1 // for socketpair() only
#define AF_LOCAL AF_UNIX
#define PF_UNIX AF_UNIX
#define PF_LOCAL AF_UNIX
#endif

// Beside a type, in socket() and socketpair(), and in accept4().
#define SOCK_NONBLOCK O_NONBLOCK
#define SOCK_CLOEXEC O_CLOEXEC

#ifndef SOMAXCONN
#define SOMAXCONN 128
#endif

#ifdef __cplusplus
extern "C" {
#endif

int socket(int domain, int type, int protocol);
int bind(int descriptor, const struct sockaddr* address, socklen_t size);
int listen(int descriptor, int backlog);
int accept(int descriptor, struct sockaddr* address, socklen_t* size);
int accept4(int descriptor, struct sockaddr* address, socklen_t* size, int flags);
int connect(int descriptor, const struct sockaddr* address, socklen_t size);
int shutdown(int descriptor, int how);
ssize_t send(int descriptor, const void* from, size_t size, int flags);
ssize_t sendto(int descriptor, const void* from, size_t size, int flags, const struct sockaddr* address,
               socklen_t address_size);
ssize_t sendmsg(int descriptor, const struct msghdr* message, int flags);
ssize_t recv(int descriptor, void* to, size_t size, int flags);
ssize_t recvfrom(int descriptor, void* to, size_t size, int flags, struct sockaddr* address, socklen_t* address_size);
ssize_t recvmsg(int descriptor, struct msghdr* message, int flags);
int getsockname(int descriptor, struct sockaddr* address, socklen_t* size);
int getpeername(int descriptor, struct sockaddr* address, socklen_t* size);
int getsockopt(int descriptor, int level, int name, void* value, socklen_t* size);
int setsockopt(int descriptor, int level, int name, const void* value, socklen_t size);
int socketpair(int domain, int type, int protocol, int descriptors[2]);

in_addr_t inet_addr(const char* text);
int inet_aton(const char* text, struct in_addr* address);
char* inet_ntoa(struct in_addr address);
const char* inet_ntop(int family, const void* address, char* text, socklen_t size);
int inet_pton(int family, const char* text, void* address);

#ifdef __cplusplus
}
#endif

#endif
