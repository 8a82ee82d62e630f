// SPDX-License-Identifier: MIT
// The nodes of a guest in xenstore, where Xen's own toolstack puts them (docs/misc/xenstore-paths of the Xen tree), so
// that guests find what they look for. Owned by the toolstack; the guest may read them, and write where the protocol
// has it write.
#pragma once

#include "toolstack/domain/guests/guest.h"

namespace skerry::toolstack {

std::string domain_path(DomainNumber domain);

/// All of them. Not in a transaction: nobody looks at them before the domain is introduced. `start_wall_ns`: when it starts.
void write_guest_nodes(Store& store, const Guest& guest, DomainNumber console_domain, std::uint64_t start_wall_ns);
void remove_guest_nodes(Store& store, const Guest& guest);
void rename_guest_nodes(Store& store, const Guest& guest, const std::string& name);

} // namespace skerry::toolstack
