// SPDX-License-Identifier: MIT
// TCP_* options: with the sockets.
#ifndef SKERRY_NETINET_TCP_H
#define SKERRY_NETINET_TCP_H

#include <sys/socket.h>

#endif
