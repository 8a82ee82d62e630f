// SPDX-License-Identifier: MIT
// The one place where xen-core's reasons become Xen's errno values (<xen/errno.h>).
#pragma once

#include "base/result.h"

#include <stdint.h>
#include <xen/errno.h>

namespace skerry {

// Zero for Error::none, else the negative errno that a guest sees. Error::restart has none: dispatch turns it into a
// continuation before this is asked.
constexpr int64_t to_errno(Error error) {
    switch (error) {
    case Error::none: return 0;
    case Error::not_permitted: return -XEN_EPERM;
    case Error::not_found: return -XEN_ENOENT;
    case Error::no_such_domain: return -XEN_ESRCH;
    case Error::bad_address: return -XEN_EFAULT;
    case Error::access_denied: return -XEN_EACCES;
    case Error::busy: return -XEN_EBUSY;
    case Error::exists: return -XEN_EEXIST;
    case Error::no_device: return -XEN_ENODEV;
    case Error::invalid: return -XEN_EINVAL;
    case Error::no_space: return -XEN_ENOSPC;
    case Error::out_of_range: return -XEN_ERANGE;
    case Error::no_system_call: return -XEN_ENOSYS;
    case Error::not_supported: return -XEN_EOPNOTSUPP;
    case Error::no_memory: return -XEN_ENOMEM;
    case Error::too_big: return -XEN_E2BIG;
    case Error::try_again: return -XEN_EAGAIN;
    case Error::no_buffer_space: return -XEN_ENOBUFS;
    case Error::overflow: return -XEN_EOVERFLOW;
    case Error::is_connected: return -XEN_EISCONN;
    case Error::out_of_domain: return -XEN_EDOM;
    case Error::no_link: return -XEN_EXDEV;
    case Error::name_in_use: return -XEN_EADDRINUSE;
    case Error::no_data: return -XEN_ENODATA;
    case Error::timed_out: return -XEN_ETIME;
    case Error::restart: return -XEN_EAGAIN;
    }
    return -XEN_EINVAL;
}

} // namespace skerry
