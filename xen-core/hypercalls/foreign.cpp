// SPDX-License-Identifier: MIT
#include "hypercalls/foreign.h"

namespace skerry {

Result<ForeignArgument> read_foreign_argument(Caller& caller, uint32_t foreign) {
    ForeignArgument argument;
    uint16_t frames_of = static_cast<uint16_t>(foreign);
    uint16_t tables_of_plus_one = static_cast<uint16_t>(foreign >> 16);
    argument.tables_of = tables_of_plus_one
                             ? TRY(buildable_domain(caller, static_cast<uint16_t>(tables_of_plus_one - 1)))
                             : DomainRef(caller.domain);
    // I/O memory is judged frame by frame, whoever is said to own it.
    if (frames_of == DOMID_SELF || frames_of == DOMID_IO || frames_of == argument.tables_of->id.value) {
        argument.frames_of = DomainRef(*argument.tables_of);
        return argument;
    }
    argument.frames_of = TRY(named_domain(caller, frames_of));
    argument.access = TRY(AuthorityCheck::memory(caller.domain, *argument.frames_of));
    return argument;
}

Status still_allowed(Caller& caller, const ForeignArgument& foreign) {
    TRY(AuthorityCheck::memory(caller.domain, *foreign.tables_of));
    TRY(AuthorityCheck::memory(caller.domain, *foreign.frames_of));
    return success;
}

Result<uint32_t> done_before(GuestHandle<uint32_t> done, uint32_t& count) {
    uint32_t before = 0;
    if (count & continued_call) {
        count &= ~continued_call;
        if (!done.is_null()) TRY_STATUS(done.read(before));
    }
    return before;
}

} // namespace skerry
