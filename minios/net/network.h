// SPDX-License-Identifier: MIT
// The TCP/IP stack of this domain: one, started when first needed.
#pragma once

namespace minios::net {

/// Starts lwIP's thread, with the loopback interface up (127.0.0.1 and ::1). May be called again; returns when it runs.
void start();

} // namespace minios::net
