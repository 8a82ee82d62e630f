// SPDX-License-Identifier: MIT
// The rights that a description may give to a domain. This file and rights.cpp are all that knows how they are given.
#pragma once

#include "builder-domain/base/result.h"
#include "builder-domain/create/hypervisor.h"
#include "builder-domain/description/description.h"

namespace skerry::builder {

// Refuses a right that does not exist, before anything is built.
Status check_rights(const DomainDescription& description);

Status give_rights(Hypervisor& hypervisor, DomId domain, const DomainDescription& description);

} // namespace skerry::builder
