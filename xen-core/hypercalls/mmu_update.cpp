// SPDX-License-Identifier: MIT
// mmu_update: page-table entries and machine-to-physical entries, many in one call under one taking of the lock.
#include "hypercalls/dispatch.h"
#include "hypercalls/foreign.h"

namespace skerry {

// The common case, the caller's own tables and frames, needs no look-up of domains.
HypercallResult hypercall_mmu_update(Caller& caller, GuestHandle<mmu_update_t> requests, uint32_t count,
                                     GuestHandle<uint32_t> done, uint32_t foreign_number) {
    uint32_t before = TRY(done_before(done, count));
    uint32_t carried_out = 0;
    Status status = success;
    if (foreign_number == DOMID_SELF) [[likely]] {
        status = caller.domain.mmu.update_all(requests, count, nullptr, caller.budget, carried_out);
    } else {
        ForeignArgument foreign = TRY(read_foreign_argument(caller, foreign_number));
        HoldingBoth held(foreign.tables_of->control, foreign.frames_of->control);
        TRY_STATUS(still_allowed(caller, foreign));
        status = foreign.tables_of->mmu.update_all(requests, count, foreign.token(), caller.budget, carried_out);
    }
    if (!done.is_null()) TRY_STATUS(done.write(before + carried_out));
    if (status.ok()) [[likely]]
        return 0;
    if (status.error() == Error::restart) {
        caller.arguments.value[0] = requests.advanced(carried_out).address().value;
        caller.arguments.value[1] = (count - carried_out) | continued_call;
    }
    return status.error();
}

} // namespace skerry
