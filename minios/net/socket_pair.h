// SPDX-License-Identifier: MIT
// socketpair(): two ends of two pipes, for threads of the one program. There are no other sockets of AF_UNIX.
#pragma once

#include <minios/files.h>

namespace minios::net {

/// Is this file one end?
bool is_pair_end(const files::OpenFile& file);
/// send(), recv() and shutdown() of an end: a result, or -errno. Of the flags MSG_DONTWAIT and MSG_NOSIGNAL work.
ssize_t send_to_pair(files::OpenFile& file, const void* from, std::size_t size, int flags);
ssize_t receive_from_pair(files::OpenFile& file, void* to, std::size_t size, int flags);
int shut_down_pair(files::OpenFile& file, int how);

} // namespace minios::net
