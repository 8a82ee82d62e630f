// SPDX-License-Identifier: MIT
#include "builder-domain/create/rights.h"

namespace skerry::builder {

// The hypervisor offers no call that gives rights yet, so a description that names any is refused rather than obeyed in part.
Status check_rights(const DomainDescription& description) {
    if (!description.rights.empty())
        return Failure() << "the right `" << description.rights[0] << "` cannot be given by this hypervisor";
    return {};
}

Status give_rights(Hypervisor&, DomId, const DomainDescription& description) {
    return check_rights(description);
}

} // namespace skerry::builder
