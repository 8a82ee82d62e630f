// SPDX-License-Identifier: MIT
// From -errno, as drivers and the library's inside use it, to errno and -1, as POSIX does.
#pragma once

#include <minios/types.h>

#include <errno.h>

namespace minios::libc {

/// The result as it is, or -1 with errno set.
template <class Number> Number posix_result(Number result) {
    if (result >= 0) return result;
    errno = static_cast<int>(-result);
    return -1;
}

/// For calls that cannot work here.
inline int refuse(int error) {
    errno = error;
    return -1;
}

/// The C library's number of a hypervisor's error.
int errno_of(Error error);

} // namespace minios::libc
