// SPDX-License-Identifier: MIT
// The one function of minios that the builder's logic calls (for messages), without the kernel around it.
#include <minios/types.h>

namespace minios {

const char* error_name(Error error) {
    switch (error) {
    case Error::no_memory: return "ENOMEM";
    case Error::not_implemented: return "ENOSYS";
    case Error::invalid: return "EINVAL";
    default: return "E?";
    }
}

} // namespace minios
