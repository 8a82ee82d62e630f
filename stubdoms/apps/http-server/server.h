// SPDX-License-Identifier: MIT
// CivetWeb serving the tree at /files.
#pragma once

/// Starts it at `ports` ("80", "80,[::]:80", ...), with this many threads for requests. The server, or NULL and a message.
struct mg_context* start_server(const char* ports, const char* threads);
