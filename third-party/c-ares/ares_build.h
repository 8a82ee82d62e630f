// SPDX-License-Identifier: MIT
// In place of the header that c-ares's configure makes: the types of its interface.
#ifndef __CARES_BUILD_H
#define __CARES_BUILD_H

#include <sys/socket.h>
#include <sys/types.h>

#define CARES_TYPEOF_ARES_SOCKLEN_T socklen_t
#define CARES_TYPEOF_ARES_SSIZE_T ssize_t
typedef CARES_TYPEOF_ARES_SOCKLEN_T ares_socklen_t;
typedef CARES_TYPEOF_ARES_SSIZE_T ares_ssize_t;

#endif
