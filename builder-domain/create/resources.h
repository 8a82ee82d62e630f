// SPDX-License-Identifier: MIT
// Gives a new domain its share of the processors and the hardware that its description names.
#pragma once

#include "builder-domain/base/result.h"
#include "builder-domain/create/hypervisor.h"
#include "builder-domain/description/description.h"

namespace skerry::builder {

Status set_scheduling(Hypervisor& hypervisor, DomId domain, const DomainDescription& description);
Status give_hardware(Hypervisor& hypervisor, DomId domain, const DomainDescription& description);

} // namespace skerry::builder
