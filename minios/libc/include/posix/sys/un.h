// SPDX-License-Identifier: MIT
// newlib has no header of this name. Local sockets have no names here: only socketpair() makes them.
#ifndef SKERRY_SYS_UN_H
#define SKERRY_SYS_UN_H

#include <sys/socket.h>

struct sockaddr_un {
    sa_family_t sun_family;
    char sun_path[108];
};

#endif
