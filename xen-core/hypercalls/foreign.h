// SPDX-License-Identifier: MIT
// The foreign-domain argument of mmu_update and mmuext_op (<xen/xen.h>): the low half names whose frames are mapped or
// operated on, the high half plus one names whose page tables are written.
#pragma once

#include "hypercalls/handles.h"

#include <optional>

namespace skerry {

struct ForeignArgument {
    DomainRef tables_of;                 // whose page tables; the caller itself if nothing else is said
    DomainRef frames_of;                 // whose frames
    std::optional<ForeignAccess> access; // set when frames_of is not the owner of the tables
    const ForeignAccess* token() const { return access ? &*access : nullptr; }
};

// Errors: no_such_domain, not_permitted.
Result<ForeignArgument> read_foreign_argument(Caller& caller, uint32_t foreign);

// To be asked again with the `control` locks of both domains held, and these kept until the operation is over: then no
// domain is sealed or destroyed under it. Errors: no_such_domain, not_permitted.
Status still_allowed(Caller& caller, const ForeignArgument& foreign);

// mmu_update and mmuext_op report in `done` how many requests were carried out. A continued call has the top bit of its
// count set, and finds in `done` what its earlier stretches did.
inline constexpr uint32_t continued_call = uint32_t{1} << 31;

// The requests done before this stretch; clears the mark from `count`. Errors: bad_address.
Result<uint32_t> done_before(GuestHandle<uint32_t> done, uint32_t& count);

} // namespace skerry
