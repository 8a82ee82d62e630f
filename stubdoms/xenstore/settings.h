// SPDX-License-Identifier: MIT
// What the xenstore domain is told on its command line:
//   guest=<domid>:<port>:<name>   a domain to serve from the start; repeated
//   control=<name or domid>       a domain that may do everything: introduce others, set quotas, reach all nodes; repeated
//   quota=<name>:<value>          another value for a quota (store/quotas.h); repeated
//   builder=<port>                event channel on which the builder says that domains came or went
//   domain=<name>:<domid>         what a name in control= may stand for, beside those of guests; repeated
//   state=...                     memory that survives the domain (<minios/backends/state_area.h>)
#pragma once

#include "store/quotas.h"
#include "store/tree.h"

#include <minios/backends/service_page.h>

#include <functional>
#include <set>
#include <utility>
#include <vector>

namespace skerry::xenstore {

struct Settings {
    std::vector<minios::backends::GuestAddress> guests;
    std::set<DomainId> control;
    std::vector<std::pair<Quota, std::uint64_t>> quotas;
    std::uint32_t builder_port = 0; ///< 0: none
};

/// `complain(word, why)` is called for each word that is not understood or has no place.
Settings read_settings(int count, char** words, const std::function<void(const char*, const char*)>& complain);

} // namespace skerry::xenstore
