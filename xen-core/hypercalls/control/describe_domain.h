// SPDX-License-Identifier: MIT
// What sysctl shares with domctl.
#pragma once

#include "hypercalls/dispatch.h"

namespace skerry {

// The answer of XEN_DOMCTL_getdomaininfo. The domain's control lock is held.
void describe_domain(Domain& target, xen_domctl_getdomaininfo& info);

} // namespace skerry
