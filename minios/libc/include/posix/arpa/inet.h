// SPDX-License-Identifier: MIT
// inet_*: with the sockets.
#ifndef SKERRY_ARPA_INET_H
#define SKERRY_ARPA_INET_H

#include <sys/socket.h>

#endif
