// SPDX-License-Identifier: MIT
// What may stand beside a socket's type, and is its descriptor's from the beginning.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>

namespace minios::net {

inline constexpr int descriptor_flags = SOCK_NONBLOCK | SOCK_CLOEXEC;

/// The descriptor with these flags; an error stays one.
inline int with_flags(int descriptor, int flags) {
    if (descriptor < 0) return descriptor;
    if ((flags & SOCK_NONBLOCK) != 0) (void)fcntl(descriptor, F_SETFL, O_NONBLOCK);
    if ((flags & SOCK_CLOEXEC) != 0) (void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    return descriptor;
}

} // namespace minios::net
