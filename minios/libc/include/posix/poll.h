// SPDX-License-Identifier: MIT
// newlib has no header of this name. The numbers are lwIP's, which uses them inside.
#ifndef SKERRY_POLL_H
#define SKERRY_POLL_H

#include <signal.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

#define POLLIN 0x1
#define POLLOUT 0x2
#define POLLERR 0x4
#define POLLNVAL 0x8
#define POLLRDNORM 0x10
#define POLLRDBAND 0x20
#define POLLPRI 0x40
#define POLLWRNORM 0x80
#define POLLWRBAND 0x100
#define POLLHUP 0x200

typedef unsigned int nfds_t;
struct pollfd {
    int fd;
    short events;
    short revents;
};

int poll(struct pollfd* files, nfds_t count, int timeout_ms);
int ppoll(struct pollfd* files, nfds_t count, const struct timespec* timeout, const sigset_t* mask);

#ifdef __cplusplus
}
#endif

#endif
