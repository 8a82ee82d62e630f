// SPDX-License-Identifier: MIT
// The "process-shared" attribute of pthread objects: there is one process, so an object of it alone is all there is.
#pragma once

#include <errno.h>

namespace minios::libc {

/// newlib's PTHREAD_PROCESS_PRIVATE and _SHARED, which it names only where the option is offered.
inline constexpr int process_private = 0, process_shared = 1;

/// 0 or an errno, as the pthread_*attr_setpshared() give it.
inline int set_process_shared(int shared) {
    if (shared == process_private) return 0;
    return shared == process_shared ? ENOTSUP : EINVAL;
}
inline int get_process_shared(int* shared) {
    *shared = process_private;
    return 0;
}

} // namespace minios::libc
