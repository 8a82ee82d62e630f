// SPDX-License-Identifier: MIT
// What clients have open in a snapshot: their connections with their transactions, and their watches.
#pragma once

#include "connection.h"
#include "snapshot_bytes.h"
#include "watches.h"

namespace skerry::xenstore::snapshot {

/// All but its domain and its port.
void write_connection(const Connection& client, Writer& to);
/// Into a connection that has just been made.
void read_connection(Connection& client, Tree& tree, Accounts& accounts, Reader& from);

void write_watches(const Watches& watches, Writer& to);
void read_watches(Watches& watches, Accounts& accounts, Reader& from);

} // namespace skerry::xenstore::snapshot
