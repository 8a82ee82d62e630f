// SPDX-License-Identifier: MIT
// Internet addresses: with the sockets.
#ifndef SKERRY_NETINET_IN_H
#define SKERRY_NETINET_IN_H

#include <sys/socket.h>

#endif
