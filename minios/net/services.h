// SPDX-License-Identifier: MIT
// Services by name: from /etc/services if there is one, else from a small table of the best known.
#pragma once

#include <cstddef>

namespace minios::net {

struct Service {
    char name[32];
    char protocol[8];
    int port; ///< in host byte order
};

/// The first service for which `wanted(service, context)` holds; false: none. In /etc/services other names of one count as services of their own.
bool find_service(bool (*wanted)(const Service& service, void* context), void* context, Service& found);

/// The port of a service by name or number; -1: unknown. `protocol`: "tcp", "udp", or nullptr: any.
int port_of(const char* service, const char* protocol, bool only_number);

} // namespace minios::net
