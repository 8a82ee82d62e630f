// SPDX-License-Identifier: MIT
// Builds a domain that somebody asks for while the platform runs: whole, sealed, paused, and handed over.
#pragma once

#include "builder-domain/base/result.h"
#include "builder-domain/create/hypervisor.h"
#include "builder-domain/description/description.h"
#include "builder-domain/modules/module_set.h"

namespace skerry::builder {

// A domain that may be named as `console` or `store`: `domain=<name>:<domid>` on the builder's command line.
struct KnownDomain {
    std::string_view name;
    DomId id;
};
using KnownDomains = FixedList<KnownDomain, max_channels>;

struct BuiltGuest {
    DomId id;
    Port console; // its ports for these services; 0: none
    Port store;
};

// `section`: one `[domain NAME]` of docs/platform-description.md. What only the founder gives (hardware, rights, channels,
// state) is refused. `owner` gets control over the domain, and this builder keeps nothing of it.
Result<BuiltGuest> build_guest(Hypervisor& hypervisor, const ModuleSet& images, const KnownDomains& known, DomId owner,
                               std::string_view section);

} // namespace skerry::builder
