// SPDX-License-Identifier: MIT
// A server that sends back what it gets over TLS, a thread for each connection.
#pragma once

#include "endpoint.h"

/// Listens at `port` of every address and serves for ever, in threads of its own. False: it cannot.
int serve_echo(struct endpoint* endpoint, const char* port);
