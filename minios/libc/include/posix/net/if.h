// SPDX-License-Identifier: MIT
// interface names: with the sockets.
#ifndef SKERRY_NET_IF_H
#define SKERRY_NET_IF_H

#include <sys/socket.h>

#endif
