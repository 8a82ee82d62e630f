// SPDX-License-Identifier: MIT
// The TCP/IP stack of this domain: one, started when first needed.
#pragma once

#include <lwip/ip_addr.h>

namespace minios::net {

/// Starts lwIP's thread, with the loopback interface up (127.0.0.1 and ::1). May be called again; returns when it runs. False: there is no memory
/// for it.
bool start();

/// Called by lwIP's thread when a reset answers the first segment of a connection: somebody is there and refuses. lwIP itself has one error for
/// all resets. nullptr: nobody wants to know.
using RefusalHandler = void (*)(u16_t local_port, const ip_addr_t& remote, u16_t remote_port);
extern RefusalHandler refusal_handler;

} // namespace minios::net
